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

/// Looks for orphans, writes that died among them. Paths are compared in one form:
/// `file:/x`, `file:///x`, `/x`, `//` and `/./` name one file, and so do `s3`, `s3a` and
/// `s3n`.
///
/// \return kInvalidArgument: `older_than` is below kMinOrphanAge; the location is spared
/// as
///         a whole. kCorrupt and kUnavailable if the metadata can't be read in full
Result<Orphans> FindOrphans(io::ObjectStore& store, const LoadedTable& table,
                            const OrphanRequest& request, int64_t now_ms);

/// kInvalidArgument for an age below kMinOrphanAge.
Status CheckOrphanAge(std::chrono::milliseconds age);

/// Leaves those that were last written longer ago than `age`; none whose time is not
/// known.
void KeepOlderThan(std::chrono::milliseconds age, int64_t now_ms,
                   std::vector<io::ObjectInfo>& objects);

/// The one form of a location.
std::string NormalizedLocation(const std::string& location);

}  // namespace calve::table
