#pragma once

/// \file app/pipeline_state.h
/// Where a pipeline stands: what waits at each of its arrows. Reads only.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/table_view.h"
#include "core/result.h"
#include "flow/extract.h"
#include "flow/pipeline.h"

namespace calve::app {

/// One table of the pipeline.
struct TableState {
  std::string table;
  std::string upstream;  // table; empty for the landing table
  bool exists = false;
  SnapshotTotals totals;
  std::optional<TimestampUs> last_commit;
  /// Snapshots and rows of the upstream that this table has not consumed; rows of all of
  /// it where the difference cannot be told.
  int64_t waiting_snapshots = 0;
  int64_t waiting_rows = 0;
  /// Columns of the contract that the table lacks; all of them if it is not there.
  std::vector<std::string> missing_columns;
};

struct PipelineState {
  std::optional<flow::ExtractPlan> source;  // nullopt: source_problem says why
  std::string source_problem;
  std::vector<std::string> pending_keys;  // files in the ledger, not in the landing table
  std::vector<TableState> tables;         // landing first, then the models in order
};

/// Looks at the source (one that cannot be reached is no error), the ledger and the
/// tables.
Result<PipelineState> LookAtPipeline(const flow::Pipeline& pipeline);

}  // namespace calve::app
