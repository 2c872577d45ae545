#pragma once

/// \file app/table_diff.h
/// What lies between two snapshots of a table.

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/object_store.h"
#include "table/metadata/table_metadata.h"

namespace calve::app {

/// Counted by files and deleted positions: a row that compaction moved to another file
/// counts as removed and added.
struct TableDiff {
  int64_t rows_before = 0;
  int64_t rows_after = 0;
  int64_t rows_added = 0;
  int64_t rows_removed = 0;
  int64_t files_added = 0;  // data files
  int64_t files_removed = 0;
  std::vector<std::string> columns_added;
  std::vector<std::string> columns_removed;
};

/// Cost: reads the manifests of both and their delete files.
Result<TableDiff> DiffSnapshots(io::ObjectStore& store,
                                const table::TableMetadata& metadata,
                                const table::Snapshot& from, const table::Snapshot& to);

}  // namespace calve::app
