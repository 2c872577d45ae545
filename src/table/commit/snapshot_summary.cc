#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "table/commit/snapshot_summary_internal.h"
#include "table/metadata/number_property.h"

namespace calve::table {
namespace {

/// Figures of a set of files.
struct Counts {
  int64_t data_files = 0;
  int64_t records = 0;
  int64_t delete_files = 0;
  int64_t position_delete_files = 0;
  int64_t position_deletes = 0;
  int64_t equality_delete_files = 0;
  int64_t equality_deletes = 0;
  int64_t files_bytes = 0;
};

Counts Count(std::span<const DataFile> files) {
  Counts counts;
  for (const DataFile& file : files) {
    counts.files_bytes += file.file_size_bytes;
    switch (file.content) {
      case FileContent::kData:
        ++counts.data_files;
        counts.records += file.record_count;
        break;
      case FileContent::kPositionDeletes:
        ++counts.delete_files;
        ++counts.position_delete_files;
        counts.position_deletes += file.record_count;
        break;
      case FileContent::kEqualityDeletes:
        ++counts.delete_files;
        ++counts.equality_delete_files;
        counts.equality_deletes += file.record_count;
        break;
    }
  }
  return counts;
}

/// A figure and its names in the summary; no total for those that have none.
struct Figure {
  int64_t Counts::*value;
  const char* added;
  const char* removed;
  const char* total;
};

constexpr Figure kFigures[] = {
    {&Counts::data_files, "added-data-files", "deleted-data-files", "total-data-files"},
    {&Counts::records, "added-records", "deleted-records", "total-records"},
    {&Counts::delete_files, "added-delete-files", "removed-delete-files",
     "total-delete-files"},
    {&Counts::position_delete_files, "added-position-delete-files",
     "removed-position-delete-files", nullptr},
    {&Counts::position_deletes, "added-position-deletes", "removed-position-deletes",
     "total-position-deletes"},
    {&Counts::equality_delete_files, "added-equality-delete-files",
     "removed-equality-delete-files", nullptr},
    {&Counts::equality_deletes, "added-equality-deletes", "removed-equality-deletes",
     "total-equality-deletes"},
    {&Counts::files_bytes, "added-files-size", "removed-files-size", "total-files-size"},
};

std::optional<int64_t> PreviousTotal(const Snapshot* parent, const char* key) {
  if (parent == nullptr) {
    return 0;
  }
  return NumberIn(parent->summary, key);
}

size_t ChangedPartitions(const SnapshotChange& change) {
  const auto less = [](const DataFile* a, const DataFile* b) {
    return std::pair(a->spec_id, a->partition) < std::pair(b->spec_id, b->partition);
  };
  std::set<const DataFile*, decltype(less)> partitions(less);
  for (const auto& files : {change.added, change.removed}) {
    for (const DataFile& file : files) {
      partitions.insert(&file);
    }
  }
  return partitions.size();
}

void SetIfPositive(Properties& summary, const char* key, int64_t value) {
  if (value > 0) {
    summary[key] = std::to_string(value);
  }
}

}  // namespace

Properties Summarize(const SnapshotChange& change) {
  Properties summary = change.extra;
  summary["operation"] = change.operation;
  const Counts added = Count(change.added);
  const Counts removed = Count(change.removed);
  for (const Figure& figure : kFigures) {
    SetIfPositive(summary, figure.added, added.*figure.value);
    SetIfPositive(summary, figure.removed, removed.*figure.value);
    if (figure.total == nullptr) {
      continue;
    }
    summary.erase(figure.total);
    if (const auto previous = PreviousTotal(change.parent, figure.total)) {
      const int64_t total = *previous + added.*figure.value - removed.*figure.value;
      if (total >= 0) {
        summary[figure.total] = std::to_string(total);
      }
    }
  }
  summary["changed-partition-count"] = std::to_string(ChangedPartitions(change));
  return summary;
}

}  // namespace calve::table
