#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "table/commit/metadata_files_internal.h"
#include "table/metadata/number_property.h"
#include "table/metadata/table_metadata_json.h"

namespace calve::table {
namespace {

constexpr std::string_view kGzipMagic = "\x1F\x8B";
constexpr int64_t kPreviousVersionsMax = 100;

bool DeletesAfterCommit(const Properties& properties) {
  const auto it = properties.find(kDeleteMetadataAfterCommit);
  return it != properties.end() && it->second == "true";
}

}  // namespace

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

Result<TableMetadata> ReadMetadataFile(io::ObjectStore& store,
                                       const std::string& location) {
  CALVE_ASSIGN(const std::string text, io::ReadObject(store, location));
  if (text.starts_with(kGzipMagic)) {
    return Error{ErrorKind::kUnsupported, "gzipped metadata"};
  }
  return TableMetadataFromJson(text);
}

std::vector<std::string> LogMetadataFile(TableMetadata& metadata, int64_t last_updated_ms,
                                         const std::string& location) {
  auto& log = metadata.metadata_log;
  log.push_back({.timestamp_ms = last_updated_ms, .metadata_file = location});
  const int64_t excess =
      std::ssize(log) - PositiveNumberIn(metadata.properties,
                                         "write.metadata.previous-versions-max",
                                         kPreviousVersionsMax);
  std::vector<std::string> dropped;
  if (excess > 0) {
    for (auto it = log.begin(); it != log.begin() + excess; ++it) {
      dropped.push_back(std::move(it->metadata_file));
    }
    log.erase(log.begin(), log.begin() + excess);
  }
  if (!DeletesAfterCommit(metadata.properties)) {
    dropped.clear();
  }
  return dropped;
}

}  // namespace calve::table
