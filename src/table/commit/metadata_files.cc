#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "table/commit/metadata_files_internal.h"

namespace calve::table {

std::string MetadataFolder(const TableMetadata& metadata) {
  const auto it = metadata.properties.find("write.metadata.path");
  if (it == metadata.properties.end() || it->second.empty()) {
    return metadata.location + "/metadata";
  }
  const std::string& path = it->second;
  return path.back() == '/' ? path.substr(0, path.size() - 1) : path;
}

int64_t MetadataVersion(const std::string& location) {
  std::string_view name = location;
  name.remove_prefix(name.rfind('/') + 1);
  const bool hadoop = name.starts_with('v');
  name.remove_prefix(hadoop ? 1 : 0);
  int64_t version = 0;
  const auto [rest, code] =
      std::from_chars(name.data(), name.data() + name.size(), version);
  const bool ends = rest != name.data() + name.size() && *rest == (hadoop ? '.' : '-');
  return code == std::errc() && ends && version >= 0 ? version : -1;
}

std::string NextMetadataFile(const TableMetadata& metadata,
                             const std::string& base_location, const std::string& uuid) {
  return fmt::format("{}/{:05}-{}.metadata.json", MetadataFolder(metadata),
                     MetadataVersion(base_location) + 1, uuid);
}

std::string ManifestLocation(const TableMetadata& metadata, const std::string& uuid,
                             size_t number) {
  return fmt::format("{}/{}-m{}.avro", MetadataFolder(metadata), uuid, number);
}

std::string ManifestListLocation(const TableMetadata& metadata, SnapshotId snapshot,
                                 const std::string& uuid) {
  return fmt::format("{}/snap-{}-1-{}.avro", MetadataFolder(metadata), snapshot.value,
                     uuid);
}

}  // namespace calve::table
