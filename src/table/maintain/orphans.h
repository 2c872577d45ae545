#pragma once

/// \file table/maintain/orphans.h
/// Files below a table's location that no retained metadata reaches: what crashed writers
/// and expiries left behind.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/object_store.h"
#include "table/catalog/catalog.h"

namespace calve::table {

/// No file younger than this is taken for an orphan: a writer may be about to commit it.
inline constexpr std::chrono::hours kMinOrphanAge{72};

struct OrphanRequest {
  std::chrono::milliseconds older_than = kMinOrphanAge;
  /// Folders whose files are not to be looked at: other tables' locations, landing files.
  std::vector<std::string> spared;
};

struct Orphans {
  std::vector<io::ObjectInfo> files;  // by location
  int64_t bytes = 0;
  /// Files that nobody reaches, but whose name a file has that somebody does and that was
  /// not found where the metadata says: the same file by another path, perhaps. They are
  /// left alone.
  std::vector<std::string> doubtful;
};

/// Looks for orphans. Paths are compared in one form: `file:/x`, `file:///x`, `/x`, `//`
/// and `/./` name one file.
///
/// \return kInvalidArgument: `older_than` is below kMinOrphanAge; the location is spared
/// as
///         a whole. kCorrupt and kUnavailable if the metadata can't be read in full
Result<Orphans> FindOrphans(io::ObjectStore& store, const LoadedTable& table,
                            const OrphanRequest& request, int64_t now_ms);

/// The one form of a location; locations of other schemes lose double slashes only.
std::string NormalizedLocation(const std::string& location);

}  // namespace calve::table
