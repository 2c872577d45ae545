#include "table/maintain/expiry.h"

#include <map>
#include <utility>

#include "table/maintain/reachable_files.h"

namespace calve::table {
namespace {

/// Files that nobody reaches once the snapshots are gone.
struct Leftover {
  std::map<std::string, FileContent> content;
  std::vector<std::string> metadata;

  ExpiryReport Describe(size_t snapshots) const {
    ExpiryReport report{.snapshots = static_cast<int64_t>(snapshots),
                        .data_files = 0,
                        .delete_files = 0,
                        .metadata_files = std::ssize(metadata)};
    for (const auto& [path, kind] : content) {
      ++(kind == FileContent::kData ? report.data_files : report.delete_files);
    }
    return report;
  }
};

/// The content files that only-expired manifests name, but those that retained ones have.
Status GatherContent(io::ObjectStore& store, const TableMetadata& metadata,
                     const Manifests& expired, const Manifests& retained,
                     std::map<std::string, FileContent>& content) {
  for (const auto& [location, manifest] : expired) {
    CALVE_TRY(VisitEntries(store, metadata, manifest, [&](const ManifestEntry& entry) {
      content.emplace(entry.file.file_path, entry.file.content);
    }));
  }
  for (const auto& [location, manifest] : retained) {
    if (content.empty()) {
      break;
    }
    CALVE_TRY(VisitEntries(store, metadata, manifest, [&](const ManifestEntry& entry) {
      if (entry.status != EntryStatus::kDeleted) {
        content.erase(entry.file.file_path);
      }
    }));
  }
  return {};
}

Result<Leftover> FindLeftover(io::ObjectStore& store, const TableMetadata& metadata,
                              const std::set<SnapshotId>& ids) {
  Manifests expired;
  Manifests retained;
  std::set<std::string> retained_lists;
  Leftover leftover;
  for (const Snapshot& snapshot : metadata.snapshots) {
    const bool goes = ids.contains(snapshot.snapshot_id);
    CALVE_TRY(AddManifests(store, snapshot, goes ? expired : retained));
    if (!goes) {
      retained_lists.insert(snapshot.manifest_list);
    }
  }
  std::erase_if(expired, [&](const auto& it) { return retained.contains(it.first); });
  CALVE_TRY(GatherContent(store, metadata, expired, retained, leftover.content));
  for (const auto& [location, manifest] : expired) {
    leftover.metadata.push_back(location);
  }
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (ids.contains(snapshot.snapshot_id) &&
        !retained_lists.contains(snapshot.manifest_list)) {
      leftover.metadata.push_back(snapshot.manifest_list);
    }
  }
  std::set<std::string> retained_statistics;
  for (const auto& [id, path] : StatisticsFiles(metadata)) {
    if (!ids.contains(id)) {
      retained_statistics.insert(path);
    }
  }
  for (const auto& [id, path] : StatisticsFiles(metadata)) {
    if (ids.contains(id) && !retained_statistics.contains(path)) {
      leftover.metadata.push_back(path);
    }
  }
  return leftover;
}

/// Content first: a crash then leaves manifests that still tell of the rest.
void DeleteAll(io::ObjectStore& store, const Leftover& leftover) {
  for (const auto& [path, kind] : leftover.content) {
    (void)store.Delete(path).has_value();  // What stays is an orphan.
  }
  for (const std::string& path : leftover.metadata) {
    (void)store.Delete(path).has_value();
  }
}

}  // namespace

Result<ExpiryReport> DescribeExpiry(io::ObjectStore& store, const LoadedTable& table,
                                    const ExpiryPlan& plan) {
  CALVE_ASSIGN(const Leftover leftover,
               FindLeftover(store, table.metadata, plan.expired));
  return leftover.Describe(plan.expired.size());
}

Result<ExpiryReport> Expire(const CommitContext& context, const LoadedTable& table,
                            const ExpiryPlan& plan) {
  if (plan.empty()) {
    return ExpiryReport();
  }
  // What would be left over is found before the commit: a table that cannot be read in
  // full is not touched.
  CALVE_ASSIGN(const Leftover leftover,
               FindLeftover(*context.store, table.metadata, plan.expired));
  TableUpdate update(table, NewSnapshotId(*context.uuids));
  for (const std::string& ref : plan.refs) {
    CALVE_TRY(update.RemoveRef(ref));
  }
  CALVE_TRY(update.ExpireSnapshots(plan.expired));
  std::vector<TableUpdate> updates;
  updates.push_back(std::move(update));
  CALVE_TRY(CommitUpdates(context, std::move(updates)));
  DeleteAll(*context.store, leftover);
  return leftover.Describe(plan.expired.size());
}

}  // namespace calve::table
