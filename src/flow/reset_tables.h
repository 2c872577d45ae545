#pragma once

/// \file flow/reset_tables.h
/// Starts tables over: the next run makes them again from what lies before them.

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::flow {

struct ResetRequest {
  std::string select;    // models, as contract::Select takes it; empty: all
  bool landing = false;  // the landing table, too
};

struct ResetReport {
  std::vector<std::string> tables;  // that were dropped
  int64_t files = 0;                // that were deleted
  /// Landing files that the ledger does not name: whoever ingested them must do so again.
  std::vector<std::string> ingest_again;
};

/// What a reset would drop.
Result<ResetReport> PlanReset(const Pipeline& pipeline, const ResetRequest& request);

/// Drops the selected models' tables, and their quarantine, with all their files. Their
/// progress goes with them, so that the next run builds them from their upstream. The
/// landing table comes back from the landing files.
///
/// \return kInvalidArgument, with nothing dropped, if a landing file that is in the
///         landing table is no longer stored
Result<ResetReport> ResetTables(const Pipeline& pipeline, const ResetRequest& request);

}  // namespace calve::flow
