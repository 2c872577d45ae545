#include "flow/caretaker.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace calve::flow {
namespace {

bool ChangesFiles(const table::Snapshot& snapshot) {
  const table::Properties& summary = snapshot.summary;
  // Writers who leave the counts out leave the totals out, too.
  return summary.contains("added-data-files") || summary.contains("added-delete-files") ||
         summary.contains("deleted-data-files") || !summary.contains("total-data-files");
}

std::optional<table::SnapshotId> Find(
    const std::map<table::TableName, table::SnapshotId>& seen,
    const table::TableName& name) {
  const auto it = seen.find(name);
  return it == seen.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace

int64_t ChangesSinceRewrite(const table::TableMetadata& metadata,
                            std::optional<table::SnapshotId> seen) {
  std::unordered_map<int64_t, const table::Snapshot*> by_id;
  for (const table::Snapshot& snapshot : metadata.snapshots) {
    by_id.emplace(snapshot.snapshot_id.value, &snapshot);
  }
  int64_t changes = 0;
  size_t steps = 0;
  const table::Snapshot* at = metadata.current_snapshot();
  // Parents that form a circle would otherwise be followed for ever.
  while (at != nullptr && steps++ < by_id.size() && at->operation() != "replace" &&
         seen != at->snapshot_id) {
    changes += ChangesFiles(*at) ? 1 : 0;
    const auto parent =
        at->parent_snapshot_id ? by_id.find(at->parent_snapshot_id->value) : by_id.end();
    at = parent == by_id.end() ? nullptr : parent->second;
  }
  return changes;
}

Result<CareReport> Caretaker::Look(bool expire, const std::function<Status()>& check) {
  CareReport report;
  CALVE_ASSIGN(const auto tables, TablesUnderCare(pipeline_, /*select=*/""));
  for (const CaredTable& cared : tables) {
    CALVE_TRY(check ? check() : Status());
    const Status looked = LookAt(cared, expire, check, report);
    if (looked) {
      warned_of_.erase(cared.name);
      continue;
    }
    if (looked.error().kind == ErrorKind::kCancelled) {
      return looked.error();
    }
    std::string warning = fmt::format("maintenance of {} is put off: {}",
                                      cared.name.text(), looked.error().message);
    if (std::exchange(warned_of_[cared.name], warning) != warning) {
      report.warnings.push_back(std::move(warning));
    }
  }
  return report;
}

Status Caretaker::LookAt(const CaredTable& cared, bool expire,
                         const std::function<Status()>& check, CareReport& report) {
  CALVE_ASSIGN(const auto table,
               table::LoadTable(*pipeline_.store, *pipeline_.catalog, cared.name));
  if (!table.metadata.current_snapshot_id) {
    return {};
  }
  const MaintenancePolicy& policy = pipeline_.maintenance;
  if (ChangesSinceRewrite(table.metadata, Find(looked_at_, cared.name)) >=
      policy.compaction.files_per_merge) {
    // Noted first: what fails is tried again after as many changes, not each round.
    looked_at_[cared.name] = *table.metadata.current_snapshot_id;
    CALVE_ASSIGN(const auto compacted,
                 CompactTable(pipeline_, cared, policy.compaction, check));
    report.compaction += compacted;
  }
  if (!expire) {
    return {};
  }
  CALVE_ASSIGN(const bool due, IsExpiryDue(cared, table));
  if (due) {
    CALVE_ASSIGN(const auto expired, ExpireTable(pipeline_, cared, /*dry_run=*/false));
    report.expired_snapshots += expired.done.snapshots;
    report.deleted_files +=
        expired.done.data_files + expired.done.delete_files + expired.done.metadata_files;
  }
  return {};
}

Result<bool> Caretaker::IsExpiryDue(const CaredTable& cared,
                                    const table::LoadedTable& table) const {
  const auto policy = table::PolicyFor(table.metadata, pipeline_.maintenance.expiry);
  const int64_t worthwhile = std::max<int64_t>(1, policy.max_snapshots / 10);
  if (std::ssize(table.metadata.snapshots) <= worthwhile ||
      !table::MayCollect(table.metadata)) {
    return false;
  }
  const int64_t now_ms = pipeline_.clock->Now().value / 1000;
  // Who needs what is asked only if something could go at all.
  const auto at_most = table::PlanExpiry(table.metadata, policy, /*needed=*/{}, now_ms);
  if (std::ssize(at_most.expired) < worthwhile) {
    return false;
  }
  CALVE_ASSIGN(const auto needed, NeededSnapshots(pipeline_, cared, table));
  const auto plan = table::PlanExpiry(table.metadata, policy, needed, now_ms);
  return std::ssize(plan.expired) >= worthwhile;
}

}  // namespace calve::flow
