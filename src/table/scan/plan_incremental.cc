#include <algorithm>
#include <utility>

#include "table/scan/file_pruning.h"
#include "table/scan/scan.h"
#include "table/scan/scan_task.h"

namespace calve::table {
namespace {

using Tasks = std::vector<ScanTask>;

/// The snapshots after `from` up to `to`, oldest first; nullopt if the way back from `to`
/// does not lead there through snapshots that only add rows.
std::optional<std::vector<const Snapshot*>> SnapshotsBetween(
    const TableMetadata& metadata, std::optional<SnapshotId> from, const Snapshot& to) {
  std::vector<const Snapshot*> snapshots;
  const Snapshot* at = &to;
  while (from != at->snapshot_id) {
    const std::string operation = at->operation();
    if (operation != "append" && operation != "replace") {
      return std::nullopt;
    }
    snapshots.push_back(at);
    if (!at->parent_snapshot_id) {
      if (from) {
        return std::nullopt;
      }
      break;
    }
    at = metadata.FindSnapshot(*at->parent_snapshot_id);
    // Parents that form a circle would otherwise be followed for ever.
    if (at == nullptr || snapshots.size() > metadata.snapshots.size()) {
      return std::nullopt;
    }
  }
  std::ranges::reverse(snapshots);
  return snapshots;
}

/// Adds what one manifest of an append snapshot adds. \return false if it does more
Result<bool> AddAppended(io::ObjectStore& store, const ScanSpec& spec,
                         const ManifestFile& manifest,
                         const std::shared_ptr<const NameMapping>& names, Tasks& tasks) {
  CALVE_ASSIGN(std::vector<ManifestEntry> entries,
               ReadManifest(store, manifest, spec.spec, spec.schema));
  for (ManifestEntry& entry : entries) {
    if (entry.snapshot_id != manifest.added_snapshot_id ||
        entry.status == EntryStatus::kExisting) {
      continue;
    }
    if (entry.status == EntryStatus::kDeleted ||
        entry.file.content != FileContent::kData) {
      return false;
    }
    tasks.push_back(MakeScanTask(spec, std::move(entry), names));
  }
  return true;
}

Result<bool> AddSnapshot(io::ObjectStore& store, const FilePruner& pruner,
                         const Snapshot& snapshot,
                         const std::shared_ptr<const NameMapping>& names, Tasks& tasks) {
  CALVE_ASSIGN(const auto manifests, ReadManifestList(store, snapshot.manifest_list));
  Tasks appended;
  for (const ManifestFile& manifest : manifests) {
    if (manifest.added_snapshot_id != snapshot.snapshot_id.value) {
      continue;
    }
    CALVE_ASSIGN(const ScanSpec* spec, pruner.FindSpec(manifest.spec_id));
    CALVE_ASSIGN(const bool only_adds,
                 AddAppended(store, *spec, manifest, names, appended));
    if (!only_adds) {
      return false;
    }
  }
  std::ranges::sort(appended, {},
                    [](const ScanTask& task) { return task.file.file_path; });
  std::ranges::move(appended, std::back_inserter(tasks));
  return true;
}

}  // namespace

Result<std::optional<std::vector<ScanTask>>> PlanIncrementalAppend(
    io::ObjectStore& store, const TableMetadata& metadata, std::optional<SnapshotId> from,
    const Snapshot& to) {
  const auto snapshots = SnapshotsBetween(metadata, from, to);
  if (!snapshots) {
    return std::optional<Tasks>();
  }
  CALVE_ASSIGN(const FilePruner pruner, FilePruner::Make(metadata, to, /*filters=*/{}));
  CALVE_ASSIGN(const auto names, NameMappingOf(metadata));
  Tasks tasks;
  for (const Snapshot* snapshot : *snapshots) {
    if (snapshot->operation() != "append") {
      continue;  // A compaction: its rows were there before.
    }
    CALVE_ASSIGN(const bool only_adds,
                 AddSnapshot(store, pruner, *snapshot, names, tasks));
    if (!only_adds) {
      return std::optional<Tasks>();
    }
  }
  return std::optional<Tasks>(std::move(tasks));
}

}  // namespace calve::table
