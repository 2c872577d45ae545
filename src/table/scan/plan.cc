#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "table/scan/delete_index.h"
#include "table/scan/file_pruning.h"
#include "table/scan/scan.h"
#include "table/scan/scan_task.h"

namespace calve::table {
namespace {

/// A live data file, not yet matched with deletes.
struct Candidate {
  ScanTask task;
  std::string partition_key;
};

/// Gathers the live files of a snapshot.
class Planner {
 public:
  Planner(io::ObjectStore& store, const FilePruner& pruner,
          std::shared_ptr<const NameMapping> names)
      : store_(store), pruner_(pruner), names_(std::move(names)) {}

  Status Add(const ManifestFile& manifest) {
    CALVE_ASSIGN(const ScanSpec* spec, pruner_.FindSpec(manifest.spec_id));
    if (!pruner_.MayMatch(*spec, manifest)) {
      return {};
    }
    CALVE_ASSIGN(std::vector<ManifestEntry> entries,
                 ReadManifest(store_, manifest, spec->spec, spec->schema));
    for (ManifestEntry& entry : entries) {
      if (entry.status != EntryStatus::kDeleted) {
        CALVE_TRY(Add(*spec, std::move(entry), manifest.manifest_path));
      }
    }
    return {};
  }

  Result<std::vector<ScanTask>> Finish() {
    std::vector<ScanTask> tasks;
    tasks.reserve(candidates_.size());
    for (Candidate& candidate : candidates_) {
      ScanTask& task = candidate.task;
      CALVE_ASSIGN(task.deletes, deletes_.For(task.file, task.data_sequence_number,
                                              candidate.partition_key));
      tasks.push_back(std::move(task));
    }
    std::ranges::sort(tasks, {}, [](const ScanTask& task) {
      return std::tie(task.data_sequence_number, task.file.file_path);
    });
    return tasks;
  }

 private:
  Status Add(const ScanSpec& spec, ManifestEntry entry, const std::string& manifest) {
    if (entry.file.partition.size() != spec.spec.fields.size()) {
      return Error{ErrorKind::kCorrupt,
                   fmt::format("a file's partition does not fit its spec: {}", manifest)};
    }
    const int64_t sequence_number = entry.data_sequence_number.value_or(0);
    std::string key = spec.KeyOf(entry.file);
    if (entry.file.content != FileContent::kData) {
      if (pruner_.PartitionMayMatch(spec, entry.file)) {
        deletes_.Add(std::move(entry.file), sequence_number, key,
                     spec.spec.fields.empty());
      }
    } else if (pruner_.MayMatch(spec, entry.file)) {
      candidates_.push_back({.task = MakeScanTask(spec, std::move(entry), names_),
                             .partition_key = std::move(key)});
    }
    return {};
  }

  io::ObjectStore& store_;
  const FilePruner& pruner_;
  std::shared_ptr<const NameMapping> names_;
  std::vector<Candidate> candidates_;
  DeleteIndex deletes_;
};

}  // namespace

Result<std::vector<ScanTask>> PlanScan(io::ObjectStore& store,
                                       const TableMetadata& metadata,
                                       const Snapshot& snapshot,
                                       const std::vector<ColumnFilter>& filters) {
  CALVE_ASSIGN(const FilePruner pruner, FilePruner::Make(metadata, snapshot, filters));
  CALVE_ASSIGN(const auto manifests, ReadManifestList(store, snapshot.manifest_list));
  CALVE_ASSIGN(auto names, NameMappingOf(metadata));
  Planner planner(store, pruner, std::move(names));
  for (const ManifestFile& manifest : manifests) {
    CALVE_TRY(planner.Add(manifest));
  }
  return planner.Finish();
}

}  // namespace calve::table
