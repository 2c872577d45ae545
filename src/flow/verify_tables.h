#pragma once

/// \file flow/verify_tables.h
/// The state of a pipeline that a proof judges: its ledger's cursor, and its tables once
/// they have consumed everything.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "capture/cursor.h"
#include "core/progress.h"
#include "flow/pipeline.h"
#include "flow/verify_print.h"

namespace calve::flow {

/// A table to judge; one that is not in the catalog has no rows.
struct JudgedTable {
  std::string name;
  const contract::Model* model = nullptr;  // null: the landing table
  std::optional<table::LoadedTable> table;

  int64_t row_estimate() const;
  /// Its columns but what the steps add (`ingested_at`, `source_file`).
  PrintLayout Layout(std::vector<std::string> key) const;
};

struct RestingPipeline {
  capture::Cursor cut;
  JudgedTable landing;
  std::vector<JudgedTable> models;  // upstream first

  const JudgedTable* Find(const std::string& model) const;
};

/// The models with all that they are made from, upstream first.
std::vector<const contract::Model*> WithUpstream(
    const contract::Project& project, const std::vector<const contract::Model*>& models);

/// Loads the ledger's cursor first and the tables after it, so that whatever the cursor
/// covers is in them. A run that is under way is given a moment.
///
/// \return kUnavailable, saying what waits, if the pipeline does not come to rest
Result<RestingPipeline> LoadAtRest(const Pipeline& pipeline,
                                   const std::vector<const contract::Model*>& models);

/// Reads every live row of a table.
Status ReadAllRows(const Pipeline& pipeline, const JudgedTable& table, Progress& progress,
                   const std::function<Status(const arrow::RecordBatch&)>& visit);

/// Ids of events in a model's quarantine, ascending.
struct QuarantinedIds {
  std::vector<int64_t> all;
  std::vector<int64_t> conflicts;  // of rule id_conflict
};

Result<QuarantinedIds> ReadQuarantinedIds(const Pipeline& pipeline,
                                          const contract::Model& model);

}  // namespace calve::flow
