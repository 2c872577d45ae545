#pragma once

/// \file table/maintain/compaction_plan.h
/// Which data files of a table are worth rewriting. Pure.

#include <cstdint>
#include <vector>

#include "table/scan/scan.h"

namespace calve::table {

struct CompactionPolicy {
  /// Size that rewritten files have; files of three quarters of it are left alone.
  int64_t target_file_bytes = 128LL * 1024 * 1024;
  /// Small files of one size tier (a factor of four) are merged once there are so many. A
  /// row is thus rewritten about once per tier: O(log(target / smallest file)) in all.
  int64_t files_per_merge = 8;
  /// A data file is worn once more than this share of its rows is deleted.
  int deleted_percent = 30;
  /// The worn files of a partition are rewritten once there are so many of them, or once
  /// they are so large together.
  int64_t worn_files = 8;
  int64_t worn_bytes = 16LL * 1024 * 1024;
  /// Bytes of files rewritten together; a group has two files at least, unless it is
  /// worn.
  int64_t group_bytes = 512LL * 1024 * 1024;
};

/// Files of one partition of one spec that are rewritten together.
using CompactionGroup = std::vector<ScanTask>;

/// Plans the rewrites of a snapshot's live files.
///
/// Per partition: the files of a tier that has `files_per_merge`; worn files; and, in a
/// partition that newer files pass by (yesterday's), what small files the tiers have
/// left, if they are `files_per_merge`, each of which is at most four times all smaller
/// ones: so a partition ends as a few files, and none is rewritten for the sake of a
/// crumb.
///
/// \param tasks  all of them, from PlanScan
/// \return groups without common files, each of files in the order of `tasks`
std::vector<CompactionGroup> PlanCompaction(const std::vector<ScanTask>& tasks,
                                            const CompactionPolicy& policy);

}  // namespace calve::table
