#pragma once

/// \file flow/row_removal.h
/// Takes rows out of a table by file-scoped position deletes.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/object_store.h"
#include "table/commit/table_update.h"
#include "table/data/data_writer.h"
#include "table/scan/scan.h"

namespace calve::flow {

/// Gathers rows to remove, then writes what removes them. Not thread-safe.
class RowRemoval {
 public:
  /// Marks a live row: `task` is the file's, of the snapshot that the change will be
  /// built on.
  void Add(const table::ScanTask& task, int64_t position);

  int64_t rows() const { return rows_; }

  /// Writes one position delete file for each data file that loses rows and adds it to
  /// `changes`. It takes in the file's earlier file-scoped delete file, which goes, so
  /// that there is at most one; a data file without live rows left goes itself.
  Status Write(const table::WriteTarget& target, table::FileChanges& changes) const;

 private:
  struct Removed {
    table::ScanTask task;
    std::vector<int64_t> positions;
  };
  std::map<std::string, Removed> by_file_;
  int64_t rows_ = 0;
};

}  // namespace calve::flow
