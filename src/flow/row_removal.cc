#include "flow/row_removal.h"

#include <algorithm>
#include <utility>

namespace calve::flow {
namespace {

/// The task's delete files that are the data file's own, and so may be replaced.
std::vector<table::DataFile> OwnDeletes(const table::ScanTask& task) {
  std::vector<table::DataFile> own;
  for (const table::DataFile& file : task.deletes) {
    if (table::ReferencedDataFile(file) == task.file.file_path) {
      own.push_back(file);
    }
  }
  return own;
}

std::vector<int64_t> Union(std::vector<int64_t> a, const std::vector<int64_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

}  // namespace

void RowRemoval::Add(const table::ScanTask& task, int64_t position) {
  auto [it, added] = by_file_.try_emplace(task.file.file_path);
  if (added) {
    it->second.task = task;
  }
  it->second.positions.push_back(position);
  ++rows_;
}

Status RowRemoval::Write(const table::WriteTarget& target,
                         table::FileChanges& changes) const {
  for (const auto& [path, removed] : by_file_) {
    const std::vector<table::DataFile> own = OwnDeletes(removed.task);
    CALVE_ASSIGN(const auto earlier,
                 table::ReadDeletedPositions(*target.store, path, own));
    const std::vector<int64_t> positions = Union(earlier, removed.positions);
    for (const table::DataFile& file : own) {
      changes.removed_deletes.push_back(file.file_path);
    }
    if (static_cast<int64_t>(positions.size()) == removed.task.file.record_count) {
      changes.removed_data.push_back(path);
      continue;
    }
    changes.referenced_data.push_back(path);
    CALVE_ASSIGN(auto file,
                 table::WritePositionDeletes(target, removed.task.file, positions));
    changes.added_deletes.push_back(std::move(file));
  }
  return {};
}

}  // namespace calve::flow
