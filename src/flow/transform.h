#pragma once

/// \file flow/transform.h
/// The transform step: from the landing table through staging into the marts.

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::flow {

struct TransformRequest {
  std::string select;         // as contract::Select takes it; empty: all models
  bool full_refresh = false;  // rebuild the selected models from their upstream
};

/// What a transform did to one model's table.
struct ModelReport {
  std::string table;
  int64_t input_rows = 0;  // of the upstream, looked at
  int64_t inserted = 0;
  int64_t deleted = 0;  // rows replaced or removed
  int64_t quarantined = 0;
};

struct TransformReport {
  std::vector<ModelReport> models;  // upstream first
  int64_t commits = 0;
};

/// Brings the selected models up to their upstream. All tables that a batch changes are
/// committed at once, each with its marker. A lost race is computed anew from the tables
/// as they then are; a repeat finds nothing to do.
Result<TransformReport> Transform(const Pipeline& pipeline,
                                  const TransformRequest& request, Progress& progress);

}  // namespace calve::flow
