#pragma once

/// \file flow/model_step.h
/// What one batch does to one model's table. Each step reads what is stored, asks the
/// pure models, writes the files and puts them into the table's update; transform.h
/// commits.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"
#include "flow/key_lookup.h"
#include "flow/pipeline.h"
#include "model/violation.h"
#include "table/commit/table_update.h"

namespace calve::flow {

/// What a step works with. Everything outlives it.
struct StepContext {
  const Pipeline& pipeline;
  const contract::Model& model;
  /// The model's table in the making, built on the version that was loaded.
  table::TableUpdate& update;
  KeyLookup& lookup;
};

struct StepResult {
  /// The rows that the table gained, as its downstream sees them; null for marts.
  std::shared_ptr<arrow::RecordBatch> output;
  int64_t inserted = 0;
  int64_t deleted = 0;
  /// Events that broke the contract: rows of `judged`, a batch of LandedEventSchema().
  std::vector<model::Violation> violations;
  std::shared_ptr<arrow::RecordBatch> judged;
  /// Files that no commit refers to yet.
  std::vector<table::DataFile> written;
};

/// Landed events → those whose id is new.
Result<StepResult> DedupeStep(const StepContext& context,
                              const std::shared_ptr<arrow::RecordBatch>& landed);

/// Staged events → typed rows of the model's source table.
/// \param not_null  columns that downstream models need
Result<StepResult> FlattenStep(const StepContext& context,
                               const std::shared_ptr<arrow::RecordBatch>& staged,
                               const std::vector<std::string>& not_null);

/// Flattened rows → the latest version of their keys.
/// \param flattened  the upstream table; whether it holds the batch's rows already is all
/// one
Result<StepResult> CurrentStep(const StepContext& context,
                               const std::shared_ptr<arrow::RecordBatch>& rows,
                               const table::LoadedTable& flattened);

/// Flattened rows → versions, and new ends of the stored versions before them.
Result<StepResult> HistoryStep(const StepContext& context,
                               const std::shared_ptr<arrow::RecordBatch>& rows);

}  // namespace calve::flow
