#pragma once

/// \file app/transformer.h
/// The transform step by either engine: Calve's own, or dbt on Trino.

#include <functional>
#include <optional>
#include <string>

#include "app/config/config.h"
#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "flow/transform.h"

namespace calve::app {

/// Brings the selected models up to their upstream, as flow::Transform does.
using Transformer = std::function<Result<flow::TransformReport>(
    const flow::Pipeline&, const flow::TransformRequest&, Progress&)>;

/// The engine that the configuration names.
///
/// By dbt: `dbt run` on the project, with its exit told as app/dbt/dbt_failure.h says;
/// the report counts what the tables gained meanwhile. A later call of the same
/// transformer does nothing while the landing table is as it was at the start of one that
/// went well.
///
/// \param environment  ours; the child gets it without what is secret
/// \return kInvalidArgument if dbt is to run and Trino or the project is not configured
Result<Transformer> MakeTransformer(const Config& config, const Environment& environment);

}  // namespace calve::app
