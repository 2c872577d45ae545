#include "table/maintain/reachable_files.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/schema/json_member.h"

namespace calve::table {
namespace {

/// The schema that a spec's manifests can be read with: one that has its columns.
const Schema& SchemaFor(const TableMetadata& metadata, const PartitionSpec& spec) {
  const auto has_columns = [&](const Schema& schema) {
    for (const PartitionField& field : spec.fields) {
      if (schema.Find(field.source_id) == nullptr) {
        return false;
      }
    }
    return true;
  };
  if (has_columns(metadata.schema())) {
    return metadata.schema();
  }
  for (auto it = metadata.schemas.rbegin(); it != metadata.schemas.rend(); ++it) {
    if (has_columns(*it)) {
      return *it;
    }
  }
  return metadata.schema();
}

}  // namespace

Status AddManifests(io::ObjectStore& store, const Snapshot& snapshot, Manifests& into) {
  CALVE_ASSIGN(auto manifests, ReadManifestList(store, snapshot.manifest_list));
  for (ManifestFile& manifest : manifests) {
    std::string location = manifest.manifest_path;
    into.emplace(std::move(location), std::move(manifest));
  }
  return {};
}

Status VisitEntries(io::ObjectStore& store, const TableMetadata& metadata,
                    const ManifestFile& manifest,
                    const std::function<void(const ManifestEntry&)>& visit) {
  const PartitionSpec* spec = metadata.FindSpec(manifest.spec_id);
  if (spec == nullptr) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("a manifest of an unknown partition spec: {}",
                             manifest.manifest_path)};
  }
  CALVE_ASSIGN(const auto entries,
               ReadManifest(store, manifest, *spec, SchemaFor(metadata, *spec)));
  for (const ManifestEntry& entry : entries) {
    visit(entry);
  }
  return {};
}

std::vector<std::pair<SnapshotId, std::string>> StatisticsFiles(
    const TableMetadata& metadata) {
  std::vector<std::pair<SnapshotId, std::string>> files;
  const nlohmann::json members = FromUnknownMembers(metadata.unknown_members);
  for (const char* name : {"statistics", "partition-statistics"}) {
    const auto list = members.find(name);
    if (list == members.end() || !list->is_array()) {
      continue;
    }
    for (const nlohmann::json& entry : *list) {
      if (!entry.is_object()) {
        continue;
      }
      const auto id = OptionalMember<int64_t>(entry, "snapshot-id");
      auto path = OptionalMember<std::string>(entry, "statistics-path");
      if (id && *id && path && *path) {
        files.emplace_back(SnapshotId{**id}, **std::move(path));
      }
    }
  }
  return files;
}

Result<std::set<std::string>> ReachableFiles(io::ObjectStore& store,
                                             const TableMetadata& metadata,
                                             const std::string& metadata_location) {
  std::set<std::string> files{metadata_location};
  for (const MetadataLogEntry& entry : metadata.metadata_log) {
    files.insert(entry.metadata_file);
  }
  for (auto& [snapshot, file] : StatisticsFiles(metadata)) {
    files.insert(std::move(file));
  }
  Manifests manifests;
  for (const Snapshot& snapshot : metadata.snapshots) {
    files.insert(snapshot.manifest_list);
    CALVE_TRY(AddManifests(store, snapshot, manifests));
  }
  for (const auto& [location, manifest] : manifests) {
    files.insert(location);
    CALVE_TRY(VisitEntries(store, metadata, manifest, [&](const ManifestEntry& entry) {
      if (entry.status != EntryStatus::kDeleted) {
        files.insert(entry.file.file_path);
      }
    }));
  }
  return files;
}

}  // namespace calve::table
