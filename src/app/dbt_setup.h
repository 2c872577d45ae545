#pragma once

/// \file app/dbt_setup.h
/// From the configuration to dbt as it is to be started.

#include "app/config/config.h"
#include "app/dbt/dbt_program.h"
#include "core/result.h"

namespace calve::app {

/// \param environment  ours; the child gets it without what is secret
/// \return kInvalidArgument naming what is missing: the project, Trino
Result<DbtProgram> MakeDbtProgram(const Config& config, const Environment& environment);

}  // namespace calve::app
