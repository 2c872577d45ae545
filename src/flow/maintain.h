#pragma once

/// \file flow/maintain.h
/// The care of a pipeline's tables: compaction, expiry of snapshots, removal of orphans.
/// All of it is safe beside live writers, and none of it changes a row.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "flow/pipeline.h"
#include "table/maintain/compaction.h"
#include "table/maintain/expiry.h"
#include "table/maintain/orphans.h"

namespace calve::flow {

/// A table under care.
struct CaredTable {
  table::TableName name;
  /// What it consumes, by full name; empty: nothing that is a table.
  std::string upstream;
};

/// The tables of the selected models with their quarantines and, where nothing is
/// selected, the landing table before them: those that the catalog has. \param select  as
/// contract::Select takes it; empty: all
Result<std::vector<CaredTable>> TablesUnderCare(const Pipeline& pipeline,
                                                const std::string& select);

/// Compacts a table; the commits carry its progress marker on.
/// \param check  as CompactionRequest's
/// \return what was done; errors of table::Compact
Result<table::CompactionReport> CompactTable(const Pipeline& pipeline,
                                             const CaredTable& cared,
                                             const table::CompactionPolicy& policy,
                                             const std::function<Status()>& check);

/// What expiry does, or would do, to a table.
struct ExpiryOutcome {
  table::ExpiryReport done;
  /// Snapshots past the limits that a consumer's progress, or the table's, still needs.
  int64_t held = 0;
};

/// The snapshots of `table` that must stay: those that its own progress rests on, and
/// those up to which the pipeline's models have consumed it, by the engine that is ahead.
Result<std::set<table::SnapshotId>> NeededSnapshots(const Pipeline& pipeline,
                                                    const CaredTable& cared,
                                                    const table::LoadedTable& table);

/// Expires the table's old snapshots by `pipeline.maintenance` and the table's
/// properties. A table whose property `gc.enabled` is false is left as it is. \param
/// dry_run  only look
Result<ExpiryOutcome> ExpireTable(const Pipeline& pipeline, const CaredTable& cared,
                                  bool dry_run);

/// The orphans below a table's location; files of other tables and of the landing are
/// none. \return kInvalidArgument for an age below table::kMinOrphanAge
Result<table::Orphans> FindTableOrphans(const Pipeline& pipeline, const CaredTable& cared,
                                        std::chrono::milliseconds older_than);

/// Landing files that were begun and never finished, older than that.
/// \return kInvalidArgument for an age below table::kMinOrphanAge
Result<std::vector<io::ObjectInfo>> FindLandingLeftovers(
    const Pipeline& pipeline, std::chrono::milliseconds older_than);

}  // namespace calve::flow
