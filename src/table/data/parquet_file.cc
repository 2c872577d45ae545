#include "table/data/parquet_file.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/extension/uuid.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>

#include "core/arrow_status.h"
#include "table/data/arrow_literal.h"
#include "table/data/arrow_stream.h"
#include "table/data/file_metrics.h"
#include "table/data/parquet_status.h"

namespace calve::table {
namespace {

/// A row group ends early at this size, so that rows of any width cost bounded memory.
constexpr int64_t kRowGroupBytes = 64LL * 1024 * 1024;
/// Parquet looks at a page's size only between calls: a call brings no more than this.
constexpr int64_t kSliceBytes = 8LL * 1024 * 1024;

constexpr int64_t kSampleRows = 1024;
constexpr int64_t kLeastSampleRows = 256;

/// Only encodings that every engine reads: plain and dictionary. (The vectorised Iceberg
/// reader of Spark long refused the delta encodings.)
std::shared_ptr<parquet::WriterProperties> PropertiesOf(const ParquetSettings& settings) {
  parquet::WriterProperties::Builder builder;
  builder.compression(parquet::Compression::ZSTD)
      ->compression_level(settings.zstd_level)
      ->max_row_group_length(settings.row_group_rows)
      ->max_statistics_size(static_cast<size_t>(settings.max_bounds_bytes))
      ->enable_write_page_index()
      ->enable_page_checksum()
      ->enable_store_decimal_as_integer();
  for (const std::string& column : settings.plain_columns) {
    builder.disable_dictionary(column);
  }
  return builder.build();
}

/// As `schema`, with uuid columns in the form that Parquet annotates as UUID.
std::shared_ptr<arrow::Schema> StoredSchema(const ParquetSettings& settings) {
  std::vector<std::shared_ptr<arrow::Field>> fields = settings.arrow_schema->fields();
  for (size_t column = 0; column < fields.size(); ++column) {
    if (settings.schema.fields[column].type.id == TypeId::kUuid) {
      fields[column] = fields[column]->WithType(arrow::extension::uuid());
    }
  }
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::RecordBatch> StoredBatch(
    const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<arrow::Schema>& stored_schema) {
  std::vector<std::shared_ptr<arrow::Array>> columns = batch->columns();
  for (size_t column = 0; column < columns.size(); ++column) {
    const auto& type = stored_schema->field(static_cast<int>(column))->type();
    if (type->id() == arrow::Type::EXTENSION) {
      columns[column] = arrow::ExtensionType::WrapArray(type, columns[column]);
    }
  }
  return arrow::RecordBatch::Make(stored_schema, batch->num_rows(), std::move(columns));
}

class OpenParquetFile final : public ParquetFile {
 public:
  OpenParquetFile(ParquetSettings settings, std::unique_ptr<io::OutputFile> object)
      : settings_(std::move(settings)),
        stored_schema_(StoredSchema(settings_)),
        object_(std::move(object)),
        sink_(std::make_shared<ArrowOutput>(*object_)) {}

  Status Open() {
    return Guard([&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(writer_, parquet::arrow::FileWriter::Open(
                                         *stored_schema_, arrow::default_memory_pool(),
                                         sink_, PropertiesOf(settings_)));
      return arrow::Status::OK();
    });
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    if (batch->num_rows() == 0) {
      return {};
    }
    CountNans(*batch, settings_.schema, nan_counts_);
    const auto stored = StoredBatch(batch, stored_schema_);
    CALVE_ASSIGN(const int64_t bytes,
                 calve::FromArrow(arrow::util::ReferencedBufferSize(*stored)));
    const int64_t row_bytes = bytes / stored->num_rows() + 1;
    const int64_t slice_rows = std::max<int64_t>(1, kSliceBytes / row_bytes);
    for (int64_t row = 0; row < stored->num_rows(); row += slice_rows) {
      const auto slice = stored->Slice(row, slice_rows);
      CALVE_TRY(WriteSlice(*slice, slice->num_rows() * row_bytes));
    }
    return {};
  }

  Status FlushRowGroup() override {
    if (buffered_bytes_ == 0) {
      return {};
    }
    buffered_bytes_ = 0;
    buffered_rows_ = 0;
    return Guard([&] { return writer_->NewBufferedRowGroup(); });
  }

  int64_t buffered_bytes() const override { return buffered_bytes_; }

  int64_t written_bytes() const override {
    return static_cast<int64_t>(object_->bytes_written());
  }

  Result<DataFile> Close() override {
    DataFile file;
    CALVE_TRY(Guard([&]() -> arrow::Status {
      ARROW_RETURN_NOT_OK(writer_->Close());
      FillMetrics(*writer_->metadata(), settings_.schema, settings_.full_bounds_columns,
                  file);
      return arrow::Status::OK();
    }));
    file.file_path = settings_.location;
    file.file_size_bytes = written_bytes();
    CALVE_TRY(object_->Close());
    file.nan_value_counts = std::move(nan_counts_);
    return file;
  }

 private:
  Status WriteSlice(const arrow::RecordBatch& slice, int64_t bytes) {
    if (buffered_bytes_ + bytes > kRowGroupBytes) {
      CALVE_TRY(FlushRowGroup());
    }
    CALVE_TRY(Guard([&] { return writer_->WriteRecordBatch(slice); }));
    buffered_rows_ += slice.num_rows();
    buffered_bytes_ += bytes;
    if (buffered_rows_ > settings_.row_group_rows) {  // Parquet began new row groups.
      buffered_rows_ %= settings_.row_group_rows;
      buffered_bytes_ = bytes / slice.num_rows() * buffered_rows_ + 1;
    }
    return {};
  }

  Status Guard(const std::function<arrow::Status()>& body) const {
    return GuardParquetWrite(settings_.location, *sink_, body);
  }

  ParquetSettings settings_;
  std::shared_ptr<arrow::Schema> stored_schema_;
  std::unique_ptr<io::OutputFile> object_;
  std::shared_ptr<ArrowOutput> sink_;  // shared with writer_, as Parquet wants it
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::map<int32_t, int64_t> nan_counts_;
  int64_t buffered_rows_ = 0;
  int64_t buffered_bytes_ = 0;
};

bool IsNearlyUnique(const arrow::Array& column, int64_t rows) {
  const std::optional<ValueBytes> bytes = ValueBytes::Of(column);
  if (!bytes) {
    return false;
  }
  std::unordered_set<std::string_view> distinct;
  int64_t values = 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (column.IsValid(row)) {
      distinct.insert(bytes->At(row));
      ++values;
    }
  }
  return values >= kLeastSampleRows && static_cast<int64_t>(distinct.size()) * 2 > values;
}

}  // namespace

Result<std::unique_ptr<ParquetFile>> ParquetFile::Make(io::ObjectStore& store,
                                                       ParquetSettings settings) {
  CALVE_ASSIGN(auto object, store.Create(settings.location));
  auto file = std::make_unique<OpenParquetFile>(std::move(settings), std::move(object));
  CALVE_TRY(file->Open());
  return file;
}

std::set<std::string> NearlyUniqueColumns(const arrow::RecordBatch& sample) {
  std::set<std::string> columns;
  const int64_t rows = std::min(sample.num_rows(), kSampleRows);
  for (int column = 0; column < sample.num_columns(); ++column) {
    if (IsNearlyUnique(*sample.column(column), rows)) {
      columns.insert(sample.column_name(column));
    }
  }
  return columns;
}

}  // namespace calve::table
