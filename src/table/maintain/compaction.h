#pragma once

/// \file table/maintain/compaction.h
/// Rewrites a table's small and worn data files, without changing its rows.

#include <cstdint>
#include <functional>

#include "core/result.h"
#include "table/commit/table_update.h"
#include "table/data/data_writer.h"
#include "table/maintain/compaction_plan.h"

namespace calve::table {

struct CompactionRequest {
  CompactionPolicy policy;
  /// As the table's own writer sets them; the target size is the policy's.
  WriteOptions write_options;
  /// Adds what the commit is to carry, to a summary perhaps; may be null.
  std::function<void(TableUpdate&)> annotate;
  /// Asked between files; an Error ends the compaction, what was committed stays. May be
  /// null.
  std::function<Status()> check;
};

struct CompactionReport {
  int64_t commits = 0;
  int64_t removed_data_files = 0;
  int64_t removed_delete_files = 0;
  int64_t added_data_files = 0;
  int64_t rewritten_bytes = 0;  // of the removed data files
  /// Groups given up because others changed their files meanwhile.
  int64_t lost_groups = 0;

  CompactionReport& operator+=(const CompactionReport& other);
};

/// What Compact would do first: nothing is written. (What it merges may be worth merging
/// again.)
Result<CompactionReport> DescribeCompaction(io::ObjectStore& store,
                                            const LoadedTable& table,
                                            const CompactionPolicy& policy);

/// Compacts until nothing is worth rewriting, in commits with `operation` replace.
///
/// Rows with position deletes are left out of the new files, and delete files that point
/// at a rewritten data file alone go with it; those that are scoped to a partition stay,
/// since they may name other files (they apply to older files only, so not to the new
/// ones). Rewritten files stay in their partition spec, in the table's current schema.
/// Old files stay until the snapshots that reach them expire.
///
/// Safe beside other writers: a commit that loses a race looks again, and is repeated
/// with those groups whose files and deletes are still the same; the others are given up.
///
/// Memory: one row group of rows per open file. \param table  as loaded
/// \return kUnsupported for a table of format version 3, or with equality deletes;
/// kInternal
///         if rows would get lost (nothing of that group is committed); errors of
///         CommitUpdates but kConflict
Result<CompactionReport> Compact(const CommitContext& context, LoadedTable table,
                                 const CompactionRequest& request);

}  // namespace calve::table
