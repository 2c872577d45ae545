#pragma once

/// \file app/doctor_trino.h
/// What `doctor` says of Trino, and of dbt on it.

#include "app/check.h"
#include "app/session.h"

namespace calve::app {

/// Adds the checks where Trino is configured: that it answers, its version, that its
/// catalog has the tables that Calve's has; where `engine: trino`, that dbt runs on the
/// project, in versions that fit.
void AddTrinoChecks(Session& session, Checks& checks);

}  // namespace calve::app
