#pragma once

/// \file flow/transform.h
/// The transform step: from the landing table through staging into the marts.

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "flow/model_gain.h"
#include "flow/pipeline.h"

namespace calve::flow {

struct TransformRequest {
  std::string select;  // as contract::Select takes it; empty: all models
  /// Rebuild the selected models from their upstream, by their contract as it is now.
  /// Readers see the tables as they were until one commit puts all the new ones in place.
  bool full_refresh = false;
};

/// What a transform did to one model's table.
struct ModelReport {
  std::string table;
  ModelGain gain;
};

struct TransformReport {
  std::vector<ModelReport> models;  // upstream first
  int64_t commits = 0;
  /// Whether the models' `input_rows` are counted: another engine does not tell.
  bool input_known = true;
};

/// Brings the selected models up to their upstream. All tables that a batch changes are
/// committed at once, each with its marker. A lost race is computed anew from the tables
/// as they then are; a repeat finds nothing to do.
///
/// \return kConflict if other writers were faster too often: try again. Of a model that
///         is `on_violation: fail` or `schema_evolution: fail`: kContractViolation, and
///         nothing of it or of what is downstream is committed, of no batch; its upstream
///         is
Result<TransformReport> Transform(const Pipeline& pipeline,
                                  const TransformRequest& request, Progress& progress);

}  // namespace calve::flow
