#include <charconv>
#include <limits>

#include "table/commit/metadata_files_internal.h"
#include "table/commit/table_update.h"

namespace calve::table {
namespace {

/// 16 hex digits of a UUID, from `position` on, dashes passed over.
uint64_t HexAt(std::string_view uuid, size_t position) {
  std::string digits;
  for (const char c : uuid) {
    if (c != '-') {
      digits.push_back(c);
    }
  }
  uint64_t value = 0;
  if (digits.size() >= position + 16) {
    const char* begin = digits.data() + position;
    std::from_chars(begin, begin + 16, value, 16);
  }
  return value;
}

}  // namespace

SnapshotId NewSnapshotId(UuidSource& uuids) {
  constexpr auto kMask = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const std::string uuid = uuids.Next();
  const uint64_t bits = (HexAt(uuid, 0) ^ HexAt(uuid, 16)) & kMask;
  return {bits == 0 ? 1 : static_cast<int64_t>(bits)};
}

Result<LoadedTable> LoadTable(io::ObjectStore& store, Catalog& catalog,
                              const TableName& name) {
  CALVE_ASSIGN(std::string location, catalog.MetadataLocation(name));
  auto metadata = ReadMetadataFile(store, location);
  if (!metadata && metadata.error().kind == ErrorKind::kNotFound) {
    // Another writer may have moved on and deleted the file in between.
    CALVE_ASSIGN(location, catalog.MetadataLocation(name));
    metadata = ReadMetadataFile(store, location);
  }
  if (!metadata) {
    const bool missing = metadata.error().kind == ErrorKind::kNotFound;
    return Error{missing ? ErrorKind::kCorrupt : metadata.error().kind,
                 "table " + name.text() + ": metadata file " + location + ": " +
                     metadata.error().message};
  }
  return LoadedTable{.name = name,
                     .metadata_location = std::move(location),
                     .metadata = *std::move(metadata)};
}

}  // namespace calve::table
