#include "table/scan/delete_index.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "table/data/position_delete_schema.h"

namespace calve::table {
namespace {

bool IsDeletionVector(const DataFile& file) {
  return file.content_offset.has_value() || file.file_format == "PUFFIN";
}

/// Whether the bounds of `file_path` let the delete file name this data file. Bounds may
/// be truncated, and are then still bounds.
bool MayName(const DataFile& deletes, const std::string& data_file) {
  const int32_t id = kDeleteFilePathId.value;
  const auto lower = deletes.lower_bounds.find(id);
  const auto upper = deletes.upper_bounds.find(id);
  return (lower == deletes.lower_bounds.end() || lower->second <= data_file) &&
         (upper == deletes.upper_bounds.end() || data_file <= upper->second);
}

bool Applies(const DataFile& deletes, int64_t delete_sequence_number,
             const DataFile& data_file, int64_t data_sequence_number) {
  if (deletes.content == FileContent::kEqualityDeletes) {
    // Rows that came with the equality delete, or after it, are not meant.
    return data_sequence_number < delete_sequence_number;
  }
  return data_sequence_number <= delete_sequence_number &&
         MayName(deletes, data_file.file_path);
}

Status CheckSupported(const DataFile& deletes, const DataFile& data_file) {
  if (deletes.content == FileContent::kPositionDeletes && !IsDeletionVector(deletes)) {
    return {};
  }
  return Error{
      ErrorKind::kUnsupported,
      fmt::format("rows are deleted by {}, which Calve can't read; let the engine that "
                  "wrote it compact the table, and write position deletes from then on: "
                  "{} deletes from {}",
                  IsDeletionVector(deletes) ? "a deletion vector (format version 3)"
                                            : "an equality delete file",
                  deletes.file_path, data_file.file_path)};
}

}  // namespace

void DeleteIndex::Add(DataFile file, int64_t sequence_number,
                      const std::string& partition_key, bool unpartitioned) {
  const std::optional<std::string> only = file.content == FileContent::kPositionDeletes
                                              ? ReferencedDataFile(file)
                                              : std::nullopt;
  Entry entry{.file = std::move(file), .sequence_number = sequence_number};
  if (only) {
    by_data_file_[*only].push_back(std::move(entry));
  } else if (unpartitioned) {
    global_.push_back(std::move(entry));
  } else {
    by_partition_[partition_key].push_back(std::move(entry));
  }
}

Result<std::vector<DataFile>> DeleteIndex::For(const DataFile& data_file,
                                               int64_t sequence_number,
                                               const std::string& partition_key) const {
  std::vector<const Entry*> applying;
  const auto gather = [&](const Entries& entries) {
    for (const Entry& entry : entries) {
      if (Applies(entry.file, entry.sequence_number, data_file, sequence_number)) {
        applying.push_back(&entry);
      }
    }
  };
  if (const auto it = by_data_file_.find(data_file.file_path);
      it != by_data_file_.end()) {
    gather(it->second);
  }
  if (const auto it = by_partition_.find(partition_key); it != by_partition_.end()) {
    gather(it->second);
  }
  gather(global_);
  std::ranges::stable_sort(applying, {}, &Entry::sequence_number);
  std::vector<DataFile> files;
  for (const Entry* entry : applying) {
    CALVE_TRY(CheckSupported(entry->file, data_file));
    files.push_back(entry->file);
  }
  return files;
}

}  // namespace calve::table
