#include "app/table_diff.h"

#include <algorithm>
#include <map>

#include "table/scan/scan.h"

namespace calve::app {
namespace {

/// Live rows of each data file of a snapshot.
using LiveRows = std::map<std::string, int64_t>;

Result<LiveRows> LiveRowsOf(io::ObjectStore& store, const table::TableMetadata& metadata,
                            const table::Snapshot& snapshot) {
  CALVE_ASSIGN(const std::vector<table::ScanTask> tasks,
               table::PlanScan(store, metadata, snapshot, {}));
  LiveRows rows;
  for (const table::ScanTask& task : tasks) {
    int64_t live = task.file.record_count;
    if (!task.deletes.empty()) {
      CALVE_ASSIGN(const std::vector<int64_t> deleted,
                   table::ReadDeletedPositions(store, task.file.file_path, task.deletes));
      live -= static_cast<int64_t>(deleted.size());
    }
    rows[task.file.file_path] = live;
  }
  return rows;
}

/// Names of columns in `one` that `other` lacks, by field id.
std::vector<std::string> ColumnsOnlyIn(const table::Schema& one,
                                       const table::Schema& other) {
  std::vector<std::string> names;
  for (const table::Field& field : one.fields) {
    if (other.Find(field.id) == nullptr) {
      names.push_back(field.name);
    }
  }
  return names;
}

/// Files and rows in `one` that `other` lacks.
void CountOnlyIn(const LiveRows& one, const LiveRows& other, int64_t& files,
                 int64_t& rows) {
  for (const auto& [path, live] : one) {
    const auto found = other.find(path);
    files += found == other.end() ? 1 : 0;
    rows += found == other.end() ? live : std::max<int64_t>(0, live - found->second);
  }
}

int64_t Sum(const LiveRows& rows) {
  int64_t sum = 0;
  for (const auto& [path, live] : rows) {
    sum += live;
  }
  return sum;
}

}  // namespace

Result<TableDiff> DiffSnapshots(io::ObjectStore& store,
                                const table::TableMetadata& metadata,
                                const table::Snapshot& from, const table::Snapshot& to) {
  CALVE_ASSIGN(const LiveRows before, LiveRowsOf(store, metadata, from));
  CALVE_ASSIGN(const LiveRows after, LiveRowsOf(store, metadata, to));
  TableDiff diff;
  diff.rows_before = Sum(before);
  diff.rows_after = Sum(after);
  CountOnlyIn(after, before, diff.files_added, diff.rows_added);
  CountOnlyIn(before, after, diff.files_removed, diff.rows_removed);
  const table::Schema& old_schema = metadata.SchemaOf(from);
  const table::Schema& new_schema = metadata.SchemaOf(to);
  diff.columns_added = ColumnsOnlyIn(new_schema, old_schema);
  diff.columns_removed = ColumnsOnlyIn(old_schema, new_schema);
  return diff;
}

}  // namespace calve::app
