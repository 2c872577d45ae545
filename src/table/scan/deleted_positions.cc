#include <algorithm>
#include <string_view>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "table/data/position_delete_schema.h"
#include "table/scan/scan.h"

namespace calve::table {
namespace {

/// Appends the positions of the batch's rows that name `data_file`; all rows where the
/// path was not read.
void AppendPositions(const arrow::RecordBatch& batch, std::string_view data_file,
                     std::vector<int64_t>& positions) {
  const auto& last = *batch.column(batch.num_columns() - 1);
  const auto& pos = static_cast<const arrow::Int64Array&>(last);
  if (batch.num_columns() == 1) {
    positions.insert(positions.end(), pos.raw_values(), pos.raw_values() + pos.length());
    return;
  }
  const auto& path = static_cast<const arrow::StringArray&>(*batch.column(0));
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    if (path.GetView(row) == data_file) {
      positions.push_back(pos.Value(row));
    }
  }
}

ReadOptions OptionsFor(const DataFile& deletes, const std::string& data_file) {
  ReadOptions options;
  options.projection = PositionDeleteSchema();
  if (ReferencedDataFile(deletes)) {
    // All rows are known to name the one data file.
    options.projection.fields.erase(options.projection.fields.begin());
  } else {
    options.filters.push_back({.column = kDeleteFilePathId,
                               .lower = std::nullopt,
                               .upper = std::nullopt,
                               .values = {Literal(data_file)}});
  }
  return options;
}

Status AppendFrom(io::ObjectStore& store, const DataFile& deletes,
                  const std::string& data_file, std::vector<int64_t>& positions) {
  if (deletes.content != FileContent::kPositionDeletes) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("not a position delete file: {}", deletes.file_path)};
  }
  const std::optional<std::string> only = ReferencedDataFile(deletes);
  if (only && *only != data_file) {
    return {};
  }
  const ScanTask task{.file = deletes, .data_sequence_number = 0, .deletes = {}};
  CALVE_ASSIGN(const auto reader, ReadFile(store, task, OptionsFor(deletes, data_file)));
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return {};
    }
    AppendPositions(*batch, data_file, positions);
  }
}

}  // namespace

Result<std::vector<int64_t>> ReadDeletedPositions(
    io::ObjectStore& store, const std::string& data_file,
    const std::vector<DataFile>& delete_files) {
  std::vector<int64_t> positions;
  for (const DataFile& deletes : delete_files) {
    CALVE_TRY(AppendFrom(store, deletes, data_file, positions));
  }
  if (!std::ranges::is_sorted(positions)) {
    std::ranges::sort(positions);
  }
  const auto repeated = std::ranges::unique(positions);
  positions.erase(repeated.begin(), repeated.end());
  return positions;
}

}  // namespace calve::table
