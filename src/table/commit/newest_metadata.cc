#include "table/commit/newest_metadata.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "table/commit/metadata_files_internal.h"

namespace calve::table {
namespace {

/// Orders the versions of one table.
auto AgeOf(const StoredMetadata& stored) {
  const TableMetadata& metadata = stored.metadata;
  return std::tuple(metadata.last_updated_ms, metadata.last_sequence_number,
                    metadata.metadata_log.size());
}

}  // namespace

Result<StoredMetadata> ReadStoredMetadata(io::ObjectStore& store,
                                          const std::string& location) {
  CALVE_ASSIGN(TableMetadata metadata, ReadMetadataFile(store, location));
  return StoredMetadata{location, std::move(metadata)};
}

Result<StoredMetadata> FindNewestMetadata(io::ObjectStore& store,
                                          const std::string& folder) {
  CALVE_ASSIGN(const auto objects, store.List(folder));
  std::vector<StoredMetadata> versions;
  std::set<std::string> followed;
  for (const io::ObjectInfo& object : objects) {
    if (!object.location.ends_with(".metadata.json")) {
      continue;
    }
    auto stored = ReadStoredMetadata(store, object.location);
    if (!stored) {
      continue;
    }
    for (const MetadataLogEntry& entry : stored->metadata.metadata_log) {
      followed.insert(entry.metadata_file);
    }
    versions.push_back(*std::move(stored));
  }
  std::erase_if(versions, [&](const StoredMetadata& stored) {
    return followed.contains(stored.location);
  });
  const auto newest =
      std::max_element(versions.begin(), versions.end(),
                       [](const StoredMetadata& a, const StoredMetadata& b) {
                         return AgeOf(a) < AgeOf(b);
                       });
  if (newest == versions.end()) {
    return Error{ErrorKind::kNotFound,
                 "there is no metadata file that can be read in " + folder};
  }
  return std::move(*newest);
}

}  // namespace calve::table
