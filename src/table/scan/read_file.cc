#include <algorithm>
#include <cstddef>
#include <numeric>
#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/metadata.h>

#include "core/arrow_status.h"
#include "table/data/arrow_literal.h"
#include "table/scan/column_cast.h"
#include "table/scan/filter.h"
#include "table/scan/mapped_parts.h"
#include "table/scan/parquet_source.h"
#include "table/scan/row_selection.h"
#include "table/scan/scan.h"

namespace calve::table {
namespace {

/// A batch of wide rows is cut short here, so that rows of any width cost bounded memory.
constexpr int64_t kBatchBytes = 64LL * 1024 * 1024;

using Batch = std::shared_ptr<arrow::RecordBatch>;
using Arrays = std::vector<std::shared_ptr<arrow::Array>>;

Error At(const Error& error, const std::string& location) {
  return {error.kind, fmt::format("{}: {}", error.message, location)};
}

std::shared_ptr<arrow::Schema> OutputSchema(const ReadOptions& options) {
  arrow::FieldVector fields = ToArrow(options.projection)->fields();
  if (options.with_position) {
    fields.push_back(arrow::field("_file",
                                  arrow::dictionary(arrow::int32(), arrow::utf8()),
                                  /*nullable=*/false));
    fields.push_back(arrow::field("_pos", arrow::int64(), /*nullable=*/false));
  }
  return arrow::schema(std::move(fields));
}

const ColumnConstant* FindConstant(const std::vector<ColumnConstant>& constants,
                                   FieldId column) {
  const auto it = std::ranges::find(constants, column, &ColumnConstant::column);
  return it == constants.end() ? nullptr : &*it;
}

/// Which file columns are read, and where each is among the columns read.
struct Projection {
  struct Column {
    MappedColumn place;
    const ColumnConstant* constant = nullptr;  // instead of a column that is missing
  };
  std::vector<Column> columns;  // of the output
  std::vector<int> leaves;      // ascending
  std::vector<int> fields;      // ascending

  static Projection Make(const ColumnMap& map, const Schema& schema,
                         const std::vector<ColumnConstant>& constants) {
    Projection projection;
    std::set<int> leaves;
    std::set<int> fields;
    for (const Field& field : schema.fields) {
      MappedColumn place = map.Find(field.id, &field.name);
      leaves.insert(place.leaves.begin(), place.leaves.end());
      if (place.field >= 0) {
        fields.insert(place.field);
      }
      projection.columns.push_back(
          {.place = std::move(place), .constant = FindConstant(constants, field.id)});
    }
    projection.leaves.assign(leaves.begin(), leaves.end());
    projection.fields.assign(fields.begin(), fields.end());
    return projection;
  }

  int PlaceOf(const MappedColumn& column) const {
    return static_cast<int>(std::ranges::lower_bound(fields, column.field) -
                            fields.begin());
  }
};

/// A file written before the column was added holds its initial default, not null.
Status CheckDefaults(const Projection& projection, const Schema& schema) {
  for (size_t column = 0; column < schema.fields.size(); ++column) {
    const Field& field = schema.fields[column];
    const auto& [place, constant] = projection.columns[column];
    if (place.field < 0 && constant == nullptr &&
        field.unknown_members.find("\"initial-default\"") != std::string::npos) {
      return Error{ErrorKind::kUnsupported,
                   fmt::format("column {} has an initial default", field.name)};
    }
  }
  return {};
}

class FileReader final : public BatchReader {
 public:
  /// What the task says of columns that the file may lack, or have without ids.
  struct Columns {
    std::vector<ColumnConstant> constants;
    std::shared_ptr<const NameMapping> names;
  };

  FileReader(ParquetSource source, ReadOptions options, RowSelection selection,
             Columns columns)
      : source_(std::move(source)),
        options_(std::move(options)),
        selection_(std::move(selection)),
        columns_(std::move(columns)),
        output_schema_(OutputSchema(options_)) {}

  Status Prepare() {
    CALVE_ASSIGN(file_column_, OneValue(source_.location));
    CALVE_TRY(source_.Guard([&] {
      const ColumnMap map(source_, columns_.names.get());
      projection_ = Projection::Make(map, options_.projection, columns_.constants);
      groups_ = SelectRowGroups(source_, map, options_.filters, options_.positions);
      return arrow::Status::OK();
    }));
    return CheckDefaults(projection_, options_.projection);
  }

  Result<Batch> Next() override {
    while (true) {
      CALVE_ASSIGN(const Batch raw, NextRaw());
      if (raw == nullptr) {
        return Batch();
      }
      const int64_t first_row = next_row_ - raw->num_rows();
      if (selection_.IsUnwanted(first_row, raw->num_rows())) {
        continue;
      }
      CALVE_ASSIGN(Batch batch, Selected(raw, first_row));
      if (batch->num_rows() > 0) {
        return batch;
      }
    }
  }

 private:
  static Result<std::shared_ptr<arrow::Array>> OneValue(const std::string& text) {
    arrow::StringBuilder builder;
    CALVE_TRY(calve::FromArrow(builder.Append(text)));
    return calve::FromArrow(builder.Finish());
  }

  Result<Batch> NextRaw();
  Status OpenGroup();
  Result<Batch> RawRows();
  int64_t BatchRows() const;
  Result<Batch> Selected(const Batch& raw, int64_t first_row) const;
  Result<Arrays> CastColumns(const arrow::RecordBatch& raw) const;
  Result<std::shared_ptr<arrow::Array>> CastOne(const Projection::Column& column,
                                                const arrow::RecordBatch& raw,
                                                const arrow::Field& target) const;
  Result<Arrays> PositionColumns(int64_t first_row, int64_t rows) const;

  ParquetSource source_;
  ReadOptions options_;
  RowSelection selection_;
  Columns columns_;
  std::shared_ptr<arrow::Schema> output_schema_;
  std::shared_ptr<arrow::Array> file_column_;  // the location, once
  Projection projection_;
  std::vector<RowGroupRange> groups_;
  size_t group_ = 0;      // the open one, or the next
  int64_t next_row_ = 0;  // in the file; meaningful while a group is open
  bool group_is_open_ = false;
  std::unique_ptr<arrow::RecordBatchReader> group_reader_;  // null: no column is read
};

/// The next rows of the file as they are stored; null at the end.
Result<Batch> FileReader::NextRaw() {
  while (group_ < groups_.size()) {
    if (!group_is_open_) {
      CALVE_TRY(OpenGroup());
    }
    const int64_t end = groups_[group_].first_row + groups_[group_].rows;
    CALVE_ASSIGN(Batch raw, RawRows());
    const int64_t rows = raw == nullptr ? 0 : raw->num_rows();
    if (rows > end - next_row_ || (rows == 0 && next_row_ != end)) {
      return Error{
          ErrorKind::kCorrupt,
          fmt::format("row group {} does not have the rows that the footer says: "
                      "{}",
                      groups_[group_].index, source_.location)};
    }
    next_row_ += rows;
    if (rows > 0) {
      return raw;
    }
    group_is_open_ = false;
    group_reader_ = nullptr;
    ++group_;
  }
  return Batch();
}

Status FileReader::OpenGroup() {
  next_row_ = groups_[group_].first_row;
  group_is_open_ = true;
  if (projection_.leaves.empty()) {
    return {};
  }
  return source_.Guard([&]() -> arrow::Status {
    source_.reader->set_batch_size(BatchRows());
    ARROW_ASSIGN_OR_RAISE(group_reader_,
                          source_.reader->GetRecordBatchReader({groups_[group_].index},
                                                               projection_.leaves));
    return arrow::Status::OK();
  });
}

int64_t FileReader::BatchRows() const {
  const auto group = source_.footer().RowGroup(groups_[group_].index);
  int64_t bytes = 0;
  for (const int leaf : projection_.leaves) {
    bytes += std::max<int64_t>(0, group->ColumnChunk(leaf)->total_uncompressed_size());
  }
  const int64_t row_bytes = bytes / groups_[group_].rows + 1;
  return std::clamp<int64_t>(kBatchBytes / row_bytes, 1, options_.batch_rows);
}

Result<Batch> FileReader::RawRows() {
  Batch raw;
  if (projection_.leaves.empty()) {
    const int64_t end = groups_[group_].first_row + groups_[group_].rows;
    return arrow::RecordBatch::Make(
        arrow::schema({}), std::min(options_.batch_rows, end - next_row_), Arrays());
  }
  CALVE_TRY(source_.Guard([&] { return group_reader_->ReadNext(&raw); }));
  return raw;
}

Result<Arrays> FileReader::CastColumns(const arrow::RecordBatch& raw) const {
  Arrays columns;
  for (size_t column = 0; column < projection_.columns.size(); ++column) {
    CALVE_ASSIGN(auto array, CastOne(projection_.columns[column], raw,
                                     *output_schema_->field(static_cast<int>(column))));
    columns.push_back(std::move(array));
  }
  return columns;
}

Result<std::shared_ptr<arrow::Array>> FileReader::CastOne(
    const Projection::Column& column, const arrow::RecordBatch& raw,
    const arrow::Field& target) const {
  const auto& [place, constant] = column;
  if (place.field >= 0) {
    const auto& stored = raw.column(projection_.PlaceOf(place));
    return CastColumn(
        place.mapped != nullptr ? WithMappedIds(*stored, place.mapped->parts) : stored,
        target, place.is_int96);
  }
  if (constant == nullptr) {
    return MissingColumn(target, raw.num_rows());
  }
  CALVE_ASSIGN(const auto repeated,
               Repeated(constant->type, constant->value, raw.num_rows()));
  return CastColumn(repeated, target, /*is_int96=*/false);
}

Result<Arrays> FileReader::PositionColumns(int64_t first_row, int64_t rows) const {
  CALVE_ASSIGN(std::shared_ptr<arrow::Buffer> zeros,
               calve::FromArrow(
                   arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int32_t)))));
  std::fill_n(reinterpret_cast<int32_t*>(zeros->mutable_data()), rows, 0);
  CALVE_ASSIGN(std::shared_ptr<arrow::Buffer> positions,
               calve::FromArrow(
                   arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int64_t)))));
  auto* first = reinterpret_cast<int64_t*>(positions->mutable_data());
  std::iota(first, first + rows, first_row);
  const auto indices = std::make_shared<arrow::Int32Array>(rows, std::move(zeros));
  return Arrays{
      std::make_shared<arrow::DictionaryArray>(
          arrow::dictionary(arrow::int32(), arrow::utf8()), indices, file_column_),
      std::make_shared<arrow::Int64Array>(rows, std::move(positions))};
}

/// The wanted, live rows of a raw batch, in the output's form.
Result<Batch> FileReader::Selected(const Batch& raw, int64_t first_row) const {
  Result<Arrays> columns = CastColumns(*raw);
  if (!columns) {
    return At(columns.error(), source_.location);
  }
  if (options_.with_position) {
    CALVE_ASSIGN(const Arrays place, PositionColumns(first_row, raw->num_rows()));
    columns->insert(columns->end(), place.begin(), place.end());
  }
  return selection_.Apply(
      arrow::RecordBatch::Make(output_schema_, raw->num_rows(), *std::move(columns)),
      first_row);
}

Status CheckOptions(const ReadOptions& options, const DataFile& file) {
  CALVE_TRY(CheckFilters(options.filters));
  if (options.batch_rows <= 0) {
    return Error{ErrorKind::kInvalidArgument, "batch_rows must be positive"};
  }
  if (!options.positions || options.positions->empty()) {
    return {};
  }
  if (!std::ranges::is_sorted(*options.positions) || options.positions->front() < 0 ||
      options.positions->back() >= file.record_count) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("positions must ascend and lie in the file: {}", file.file_path)};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<BatchReader>> ReadFile(io::ObjectStore& store,
                                              const ScanTask& task, ReadOptions options) {
  CALVE_TRY(CheckOptions(options, task.file));
  CALVE_ASSIGN(std::vector<int64_t> deleted,
               ReadDeletedPositions(store, task.file.file_path, task.deletes));
  CALVE_ASSIGN(ParquetSource source, ParquetSource::Open(store, task.file));
  RowSelection selection(options.positions, std::move(deleted));
  auto reader = std::make_unique<FileReader>(
      std::move(source), std::move(options), std::move(selection),
      FileReader::Columns{.constants = task.constants, .names = task.names});
  CALVE_TRY(reader->Prepare());
  return reader;
}

}  // namespace calve::table
