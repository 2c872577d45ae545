#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "flow/fsck_parts.h"
#include "table/maintain/orphans.h"
#include "table/metadata/number_property.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using table::DataFile;
using table::ManifestEntry;
using table::ManifestFile;
using table::Snapshot;

constexpr const char* kRestore =
    "put the file back from a backup, or rebuild the table: calve reset tables --yes";
constexpr const char* kRebuild = "rebuild the table: calve reset tables --yes";

/// Others may have written a location in another of its forms.
std::string KeyOf(const std::string& location) {
  return table::NormalizedLocation(location);
}

/// What a snapshot's summary counts.
struct Totals {
  int64_t data_files = 0;
  int64_t delete_files = 0;
  int64_t records = 0;
  int64_t position_deletes = 0;
  int64_t bytes = 0;
};

/// What the entries of a manifest add up to.
struct ManifestCounts {
  int64_t files[3] = {};  // by EntryStatus
  int64_t rows[3] = {};
};

/// The metadata files that a table names: the current one and those before it.
std::set<std::string> MetadataFilesOf(const table::LoadedTable& table) {
  std::set<std::string> files{table.metadata_location};
  for (const table::MetadataLogEntry& entry : table.metadata.metadata_log) {
    files.insert(entry.metadata_file);
  }
  return files;
}

class TableCheck {
 public:
  TableCheck(const Pipeline& pipeline, const table::LoadedTable& table,
             Findings& findings)
      : pipeline_(pipeline),
        table_(table),
        metadata_(table.metadata),
        name_(table.name.text()),
        findings_(findings) {}

  void Run() {
    const std::string& warehouse = pipeline_.catalog->warehouse();
    if (!LiesBelow(metadata_.location, {warehouse})) {
      Add("outside_warehouse", metadata_.location,
          "the table's location does not lie below " + warehouse,
          "nothing of it was opened; see who registered this table");
      return;
    }
    ListStored();
    CheckMetadataLog();
    for (const Snapshot& snapshot : metadata_.snapshots) {
      CheckSnapshot(snapshot);
    }
    CheckDeletes();
    ListOrphans();
  }

 private:
  void Add(std::string name, std::string place, std::string detail, std::string remedy) {
    findings_.Add({.subject = name_,
                   .name = std::move(name),
                   .place = std::move(place),
                   .detail = std::move(detail),
                   .remedy = std::move(remedy)});
  }

  void ListStored() {
    const auto objects = pipeline_.store->List(metadata_.location);
    if (!objects) {
      Add("unreadable", metadata_.location, objects.error().message, kRestore);
      return;
    }
    for (const io::ObjectInfo& object : *objects) {
      stored_[KeyOf(object.location)] = object;
    }
  }

  /// Whether the file may be opened: it is where it belongs, and is there.
  bool IsThere(const std::string& location, std::optional<int64_t> bytes) {
    if (!referenced_.insert(KeyOf(location)).second) {
      return !damaged_.contains(KeyOf(location));
    }
    const bool good = LooksGood(location, bytes);
    if (good) {
      ++findings_.report().files;
    } else {
      damaged_.insert(KeyOf(location));
    }
    return good;
  }

  bool LooksGood(const std::string& location, std::optional<int64_t> bytes) {
    if (!LiesBelow(location, {metadata_.location, pipeline_.catalog->warehouse()})) {
      Add("outside_table", location, "a file outside the table's location and warehouse",
          "it was not opened; see who wrote this metadata, or roll the table back");
      return false;
    }
    const auto size = SizeOf(location);
    if (!size) {
      const bool missing = size.error().kind == ErrorKind::kNotFound;
      Add(missing ? "file_missing" : "unreadable", location, size.error().message,
          kRestore);
      return false;
    }
    if (bytes && *size != *bytes) {
      Add("size_differs", location, fmt::format("{} bytes instead of {}", *size, *bytes),
          kRestore);
      return false;
    }
    return true;
  }

  Result<int64_t> SizeOf(const std::string& location) {
    const auto stored = stored_.find(KeyOf(location));
    if (stored != stored_.end()) {
      return static_cast<int64_t>(stored->second.size_bytes);
    }
    CALVE_ASSIGN(const auto file, pipeline_.store->Open(location));
    return static_cast<int64_t>(file->size_bytes());
  }

  void CheckMetadataLog() {
    std::set<std::string> files = MetadataFilesOf(table_);
    const auto is_stored = [&](const std::string& file) {
      return stored_.contains(KeyOf(file));
    };
    if (!std::all_of(files.begin(), files.end(), is_stored)) {
      // Commits meanwhile may have deleted the oldest.
      const auto now =
          table::LoadTable(*pipeline_.store, *pipeline_.catalog, table_.name);
      const std::set<std::string> kept = MetadataFilesOf(now ? *now : table_);
      std::erase_if(files, [&](const std::string& file) {
        return !is_stored(file) && !kept.contains(file);
      });
    }
    for (const std::string& file : files) {
      (void)IsThere(file, std::nullopt);
    }
  }

  void CheckSnapshot(const Snapshot& snapshot) {
    CheckParent(snapshot);
    if (!IsThere(snapshot.manifest_list, std::nullopt)) {
      return;
    }
    const auto manifests =
        table::ReadManifestList(*pipeline_.store, snapshot.manifest_list);
    if (!manifests) {
      Add("unreadable", snapshot.manifest_list, manifests.error().message, kRestore);
      return;
    }
    Totals totals;
    std::set<std::string> live;
    bool whole = true;
    for (const ManifestFile& manifest : *manifests) {
      const std::vector<ManifestEntry>* entries = EntriesOf(manifest);
      whole = whole && entries != nullptr;
      if (entries != nullptr) {
        CheckCounts(manifest, *entries);
        AddLive(*entries, snapshot, live, totals);
      }
    }
    if (whole) {
      CheckSummary(snapshot, totals);
    }
  }

  void CheckParent(const Snapshot& snapshot) {
    const Snapshot* parent = snapshot.parent_snapshot_id
                                 ? metadata_.FindSnapshot(*snapshot.parent_snapshot_id)
                                 : nullptr;
    if (parent != nullptr && parent->sequence_number >= snapshot.sequence_number &&
        snapshot.sequence_number > 0) {
      Add("sequence_differs", fmt::format("snapshot {}", snapshot.snapshot_id.value),
          fmt::format("its sequence number {} is not above its parent's, {}",
                      snapshot.sequence_number, parent->sequence_number),
          kRebuild);
    }
  }

  /// Null if the manifest can't be read.
  const std::vector<ManifestEntry>* EntriesOf(const ManifestFile& manifest) {
    const auto known = manifests_.find(manifest.manifest_path);
    if (known != manifests_.end()) {
      return known->second ? &*known->second : nullptr;
    }
    auto& slot = manifests_[manifest.manifest_path];
    const table::PartitionSpec* spec = metadata_.FindSpec(manifest.spec_id);
    if (!IsThere(manifest.manifest_path, manifest.manifest_length_bytes)) {
      return nullptr;
    }
    auto entries =
        spec == nullptr
            ? Result<std::vector<ManifestEntry>>(Error{
                  ErrorKind::kCorrupt,
                  fmt::format("the table has no partition spec {}", manifest.spec_id)})
            : table::ReadManifest(*pipeline_.store, manifest, *spec, metadata_.schema());
    if (!entries) {
      Add("unreadable", manifest.manifest_path, entries.error().message, kRestore);
      return nullptr;
    }
    slot = *std::move(entries);
    for (const ManifestEntry& entry : *slot) {
      if (entry.status != table::EntryStatus::kDeleted) {
        CheckFile(entry.file);
      }
    }
    return &*slot;
  }

  void CheckCounts(const ManifestFile& manifest,
                   const std::vector<ManifestEntry>& entries) {
    if (!counted_.insert(manifest.manifest_path).second) {
      return;
    }
    ManifestCounts counts;
    for (const ManifestEntry& entry : entries) {
      ++counts.files[static_cast<size_t>(entry.status)];
      counts.rows[static_cast<size_t>(entry.status)] += entry.file.record_count;
    }
    const int64_t listed[] = {manifest.existing_files, manifest.added_files,
                              manifest.deleted_files,  manifest.existing_rows,
                              manifest.added_rows,     manifest.deleted_rows};
    const int64_t found[] = {counts.files[0], counts.files[1], counts.files[2],
                             counts.rows[0],  counts.rows[1],  counts.rows[2]};
    const bool says = std::any_of(std::begin(listed), std::end(listed),
                                  [](int64_t number) { return number != 0; });
    if (says && !std::equal(std::begin(listed), std::end(listed), std::begin(found))) {
      Add("manifest_differs", manifest.manifest_path,
          "its entries are not those that the manifest list counts", kRestore);
    }
  }

  /// A live file's size and, of Parquet, its footer's rows.
  void CheckFile(const DataFile& file) {
    const bool again = referenced_.contains(KeyOf(file.file_path));
    if (!IsThere(file.file_path, file.content_offset
                                     ? std::optional<int64_t>()
                                     : std::optional(file.file_size_bytes)) ||
        again || file.file_format != "PARQUET") {
      return;
    }
    const auto opened = table::ReadFile(
        *pipeline_.store, {.file = file, .data_sequence_number = 0, .deletes = {}},
        {.projection = {.schema_id = 0, .fields = {}, .identifier_field_ids = {}},
         .filters = {},
         .with_position = false,
         .positions = std::nullopt});
    if (!opened) {
      damaged_.insert(KeyOf(file.file_path));
      Add("rows_differ", file.file_path, opened.error().message, kRestore);
    }
  }

  void AddLive(const std::vector<ManifestEntry>& entries, const Snapshot& snapshot,
               std::set<std::string>& live, Totals& totals) {
    for (const ManifestEntry& entry : entries) {
      const DataFile& file = entry.file;
      if (entry.status == table::EntryStatus::kDeleted) {
        continue;
      }
      // Deletion vectors of several data files share one Puffin file.
      const std::string path =
          file.content_offset ? fmt::format("{}@{}", file.file_path, *file.content_offset)
                              : file.file_path;
      if (!live.insert(path).second) {
        Add("live_twice", file.file_path,
            fmt::format("live more than once in snapshot {}", snapshot.snapshot_id.value),
            "its rows count twice: roll back to a snapshot before, or rebuild the table");
      }
      totals.bytes += file.content_size_bytes.value_or(file.file_size_bytes);
      if (file.content == table::FileContent::kData) {
        ++totals.data_files;
        totals.records += file.record_count;
      } else {
        ++totals.delete_files;
        totals.position_deletes +=
            file.content == table::FileContent::kPositionDeletes ? file.record_count : 0;
      }
    }
  }

  void CheckSummary(const Snapshot& snapshot, const Totals& totals) {
    const std::pair<const char*, int64_t> counts[] = {
        {"total-data-files", totals.data_files},
        {"total-delete-files", totals.delete_files},
        {"total-records", totals.records},
        {"total-position-deletes", totals.position_deletes},
        {"total-files-size", totals.bytes}};
    for (const auto& [key, found] : counts) {
      const auto said = table::IntegerIn(snapshot.summary, key);
      if (said && *said != found) {
        Add("summary_differs", fmt::format("snapshot {}", snapshot.snapshot_id.value),
            fmt::format("its summary says {} {}, its manifests {}", key, *said, found),
            "figures of this table are wrong until its next rebuild; rows are not");
      }
    }
  }

  /// Position deletes of the current snapshot, by the data file that they apply to.
  void CheckDeletes() {
    const Snapshot* current = metadata_.current_snapshot();
    if (current == nullptr || !damaged_.empty()) {
      return;  // What is damaged was found; a plan may need just that.
    }
    const auto tasks =
        table::PlanScan(*pipeline_.store, metadata_, *current, /*filters=*/{});
    if (!tasks) {
      Add("unreadable", fmt::format("snapshot {}", current->snapshot_id.value),
          tasks.error().message, kRebuild);
      return;
    }
    std::set<std::string> applied;
    for (const table::ScanTask& task : *tasks) {
      CheckDeletesOf(task);
      for (const DataFile& deletes : task.deletes) {
        applied.insert(deletes.file_path);
      }
    }
    CheckDangling(*current, applied);
  }

  void CheckDeletesOf(const table::ScanTask& task) {
    std::set<int64_t> deleted;
    for (const DataFile& file : task.deletes) {
      const auto positions =
          table::ReadDeletedPositions(*pipeline_.store, task.file.file_path, {file});
      if (!positions) {
        Add("unreadable", file.file_path, positions.error().message, kRestore);
        continue;
      }
      const bool ours = table::ReferencedDataFile(file).has_value();
      const bool repeated =
          static_cast<int64_t>(positions->size()) < file.record_count ||
          std::any_of(positions->begin(), positions->end(),
                      [&](int64_t position) { return !deleted.insert(position).second; });
      if (ours && repeated) {
        Add("deleted_twice", file.file_path,
            "a position of " + task.file.file_path + " is deleted more than once",
            "row counts of this table are too low; rebuild it, or compact it");
      }
      if (!positions->empty() &&
          (positions->front() < 0 || positions->back() >= task.file.record_count)) {
        Add("delete_out_of_range", file.file_path,
            fmt::format("deletes position {} of a file of {} rows", positions->back(),
                        task.file.record_count),
            kRebuild);
      }
    }
  }

  /// Delete files of one data file that is not live: no fault, other engines leave them
  /// when they rewrite data files.
  void CheckDangling(const Snapshot& current, const std::set<std::string>& applied) {
    const auto manifests =
        table::ReadManifestList(*pipeline_.store, current.manifest_list);
    for (const ManifestFile& manifest :
         manifests ? *manifests : std::vector<ManifestFile>()) {
      const std::vector<ManifestEntry>* entries = EntriesOf(manifest);
      for (const ManifestEntry& entry :
           entries != nullptr ? *entries : std::vector<ManifestEntry>()) {
        if (entry.status != table::EntryStatus::kDeleted &&
            entry.file.content == table::FileContent::kPositionDeletes &&
            table::ReferencedDataFile(entry.file) &&
            !applied.contains(entry.file.file_path)) {
          ++findings_.report().dangling_delete_files;
        }
      }
    }
  }

  /// Files of statistics, which the metadata names beside the snapshots.
  void ReferenceStatistics() {
    const auto json = nlohmann::json::parse(metadata_.unknown_members, /*cb=*/nullptr,
                                            /*allow_exceptions=*/false);
    if (!json.is_object()) {
      return;
    }
    for (const char* member : {"statistics", "partition-statistics"}) {
      const auto list = json.find(member);
      if (list == json.end() || !list->is_array()) {
        continue;
      }
      for (const auto& item : *list) {
        const auto path = item.is_object() ? item.find("statistics-path") : list->begin();
        if (item.is_object() && path != item.end() && path->is_string()) {
          referenced_.insert(KeyOf(path->get<std::string>()));
        }
      }
    }
  }

  void ListOrphans() {
    ReferenceStatistics();
    for (const auto& [key, object] : stored_) {
      if (!referenced_.contains(key)) {
        findings_.report().orphans.push_back({object.location,
                                              static_cast<int64_t>(object.size_bytes),
                                              object.modified_ms});
      }
    }
  }

  const Pipeline& pipeline_;  // All outlive this.
  const table::LoadedTable& table_;
  const table::TableMetadata& metadata_;
  std::string name_;
  Findings& findings_;
  // By KeyOf of the location.
  std::map<std::string, io::ObjectInfo> stored_;  // below the table's location
  std::set<std::string> referenced_;
  std::set<std::string> damaged_;
  std::map<std::string, std::optional<std::vector<ManifestEntry>>> manifests_;
  std::set<std::string> counted_;
};

}  // namespace

void Findings::Add(Finding finding) {
  ++report_.finding_count;
  if (report_.findings.size() < max_) {
    report_.findings.push_back(std::move(finding));
  }
}

bool LiesBelow(const std::string& location, const std::vector<std::string>& folders) {
  if (location.find("/../") != std::string::npos || location.ends_with("/..")) {
    return false;
  }
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return KeyOf(location).starts_with(KeyOf(folder) + "/");
  });
}

void CheckTableFiles(const Pipeline& pipeline, const table::LoadedTable& table,
                     Findings& findings) {
  TableCheck(pipeline, table, findings).Run();
}

}  // namespace calve::flow
