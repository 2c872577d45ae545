#include "table/manifest/data_file.h"

namespace calve::table {
namespace {

/// The reserved id of a position delete file's `file_path` column.
constexpr int32_t kDeletedFilePathId = 2147483546;

}  // namespace

std::optional<std::string> ReferencedDataFile(const DataFile& delete_file) {
  if (delete_file.referenced_data_file.has_value()) {
    return delete_file.referenced_data_file;
  }
  if (delete_file.content != FileContent::kPositionDeletes) {
    return std::nullopt;
  }
  const auto lower = delete_file.lower_bounds.find(kDeletedFilePathId);
  const auto upper = delete_file.upper_bounds.find(kDeletedFilePathId);
  const bool one_file = lower != delete_file.lower_bounds.end() &&
                        upper != delete_file.upper_bounds.end() &&
                        lower->second == upper->second;
  return one_file ? std::optional(lower->second) : std::nullopt;
}

}  // namespace calve::table
