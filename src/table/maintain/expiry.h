#pragma once

/// \file table/maintain/expiry.h
/// Gives up old snapshots of a table, and the files that only they reach.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "table/commit/table_update.h"

namespace calve::table {

struct ExpiryPolicy {
  int64_t max_snapshot_age_ms = 5LL * 24 * 60 * 60 * 1000;
  int64_t min_snapshots_to_keep = 1;
  /// Of a branch; beyond it the oldest go, however young.
  int64_t max_snapshots = 200;
};

/// The policy, with what the table's properties say instead:
/// `history.expire.max-snapshot-age-ms`, `history.expire.min-snapshots-to-keep`.
ExpiryPolicy PolicyFor(const TableMetadata& metadata, ExpiryPolicy policy);

/// Whether files of the table may be deleted: its property `gc.enabled` is not false.
bool MayCollect(const TableMetadata& metadata);

struct ExpiryPlan {
  std::set<SnapshotId> expired;
  std::vector<std::string> refs;  // that have outlived their own maximum age
  /// Snapshots past the policy's limits that are kept because somebody needs them.
  int64_t held = 0;

  bool empty() const { return expired.empty() && refs.empty(); }
};

/// Plans what to give up, as Iceberg's ExpireSnapshots does: of each branch its newest
/// `min_snapshots_to_keep` and those young enough stay (a branch's own limits go before
/// the policy's), of each tag its snapshot; what no ref reaches stays while it is young.
/// `main` never goes. Pure.
///
/// \param needed  snapshots that must stay, with all between them and the current one:
/// how
///                a consumer tells what was appended since. Ids that are no ancestors of
///                the current snapshot mean nothing
ExpiryPlan PlanExpiry(const TableMetadata& metadata, const ExpiryPolicy& policy,
                      const std::set<SnapshotId>& needed, int64_t now_ms);

struct ExpiryReport {
  int64_t snapshots = 0;
  int64_t data_files = 0;
  int64_t delete_files = 0;
  int64_t metadata_files = 0;  // manifests, manifest lists, statistics
};

/// Commits the plan, then deletes the files that only expired snapshots reached; a crash
/// in between leaves orphans, nothing else. Failures to delete are not reported.
///
/// Cost: reads the manifest lists of all snapshots, and the manifests that only expired
/// ones have; where these name files, those of the retained snapshots too.
/// \param table  the version that the plan was made of
/// \return kConflict: another writer was faster, nothing has happened: plan again; errors
///         of CommitUpdates
Result<ExpiryReport> Expire(const CommitContext& context, const LoadedTable& table,
                            const ExpiryPlan& plan);

/// What Expire would do; writes and deletes nothing.
Result<ExpiryReport> DescribeExpiry(io::ObjectStore& store, const LoadedTable& table,
                                    const ExpiryPlan& plan);

}  // namespace calve::table
