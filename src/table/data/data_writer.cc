#include "table/data/data_writer.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include <arrow/array/array_base.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "table/data/parquet_file.h"
#include "table/data/partition_rows.h"

namespace calve::table {
namespace {

/// Over all open files: past this the fullest one ends its row group.
constexpr int64_t kBufferedBytes = 96LL * 1024 * 1024;
/// Open files cost memory and descriptors even when they hold little.
constexpr size_t kOpenFiles = 32;

Error Invalid(std::string message) {
  return Error{ErrorKind::kInvalidArgument, std::move(message)};
}

/// The file that a partition's rows go to now.
struct PartitionFile {
  size_t begun = 0;  // its place in the order of files
  PartitionValues partition;
  std::unique_ptr<ParquetFile> file;
  uint64_t last_used = 0;
};

class PartitionedWriter final : public DataWriter {
 public:
  PartitionedWriter(WriteTarget target, WriteOptions options, Type partition_type,
                    PartitionSplitter splitter)
      : target_(std::move(target)),
        options_(std::move(options)),
        arrow_schema_(ToArrow(target_.schema)),
        partition_type_(std::move(partition_type)),
        splitter_(std::move(splitter)) {}

  PartitionedWriter(const PartitionedWriter&) = delete;
  PartitionedWriter& operator=(const PartitionedWriter&) = delete;

  ~PartitionedWriter() override {
    for (const DataFile& file : finished_) {
      if (!file.file_path.empty()) {
        (void)target_.store->Delete(file.file_path).has_value();
      }
    }
  }

  Status Write(const arrow::RecordBatch& batch) override {
    CALVE_ASSIGN(const auto rows, InTableOrder(batch));
    CALVE_ASSIGN(const auto parts, splitter_.Split(rows));
    for (const PartitionRows& part : parts) {
      CALVE_TRY(WritePart(part));
    }
    return {};
  }

  Result<std::vector<DataFile>> Finish() override {
    while (!open_.empty()) {
      CALVE_TRY(CloseFile(open_.begin()));
    }
    return std::exchange(finished_, {});
  }

 private:
  using OpenFiles = std::unordered_map<std::string, PartitionFile>;

  Result<std::shared_ptr<arrow::RecordBatch>> InTableOrder(
      const arrow::RecordBatch& batch) const;
  Result<std::shared_ptr<arrow::Array>> ColumnOf(const arrow::RecordBatch& batch,
                                                 const arrow::Field& field) const;
  Status WritePart(const PartitionRows& part);
  Result<OpenFiles::iterator> FileFor(const PartitionRows& part);
  Result<PartitionFile> BeginFile(const PartitionRows& part);
  Status CloseFile(OpenFiles::iterator at);
  Status BoundMemory();

  WriteTarget target_;
  WriteOptions options_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  Type partition_type_;
  PartitionSplitter splitter_;
  OpenFiles open_;  // by PartitionKey
  /// A slot per file, filled when it closes. Empty once Finish gave them away.
  std::vector<DataFile> finished_;
  uint64_t writes_ = 0;
};

Result<std::shared_ptr<arrow::Array>> PartitionedWriter::ColumnOf(
    const arrow::RecordBatch& batch, const arrow::Field& field) const {
  const int at = batch.schema()->GetFieldIndex(field.name());
  if (at < 0 && field.nullable()) {
    return calve::FromArrow(arrow::MakeArrayOfNull(field.type(), batch.num_rows()));
  }
  if (at < 0) {
    return Invalid(fmt::format("batch lacks the required column {}", field.name()));
  }
  std::shared_ptr<arrow::Array> column = batch.column(at);
  if (!column->type()->Equals(*field.type(), /*check_metadata=*/false)) {
    return Invalid(fmt::format("column {} is {}, not {}", field.name(),
                               column->type()->ToString(), field.type()->ToString()));
  }
  if (!field.nullable() && column->null_count() > 0) {
    return Invalid(fmt::format("null in the required column {}", field.name()));
  }
  return column;
}

Result<std::shared_ptr<arrow::RecordBatch>> PartitionedWriter::InTableOrder(
    const arrow::RecordBatch& batch) const {
  for (const auto& field : batch.schema()->fields()) {
    if (arrow_schema_->GetFieldIndex(field->name()) < 0 ||
        batch.schema()->GetFieldIndex(field->name()) < 0) {
      return Invalid(fmt::format("column is not in the table, or twice in the batch: {}",
                                 field->name()));
    }
  }
  std::vector<std::shared_ptr<arrow::Array>> columns;
  columns.reserve(arrow_schema_->fields().size());
  for (const auto& field : arrow_schema_->fields()) {
    CALVE_ASSIGN(std::shared_ptr<arrow::Array> column, ColumnOf(batch, *field));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow_schema_, batch.num_rows(), std::move(columns));
}

Result<PartitionFile> PartitionedWriter::BeginFile(const PartitionRows& part) {
  std::string folder = target_.location + "/data";
  if (const std::string path = PartitionPath(target_.spec, partition_type_, part.values);
      !path.empty()) {
    folder += "/" + path;
  }
  std::set<std::string> plain_columns = NearlyUniqueColumns(*part.rows);
  plain_columns.insert(options_.plain_columns.begin(), options_.plain_columns.end());
  CALVE_ASSIGN(auto file,
               ParquetFile::Make(*target_.store,
                                 {.location = fmt::format("{}/{}.parquet", folder,
                                                          target_.uuids->Next()),
                                  .schema = target_.schema,
                                  .arrow_schema = arrow_schema_,
                                  .row_group_rows = options_.row_group_rows,
                                  .zstd_level = options_.zstd_level,
                                  .full_bounds_columns = options_.full_bounds_columns,
                                  .plain_columns = std::move(plain_columns)}));
  finished_.emplace_back();
  return PartitionFile{.begun = finished_.size() - 1,
                       .partition = part.values,
                       .file = std::move(file),
                       .last_used = 0};
}

Result<PartitionedWriter::OpenFiles::iterator> PartitionedWriter::FileFor(
    const PartitionRows& part) {
  std::string key = PartitionKey(partition_type_, part.values);
  if (const auto it = open_.find(key); it != open_.end()) {
    return it;
  }
  if (open_.size() >= kOpenFiles) {
    CALVE_TRY(CloseFile(std::ranges::min_element(
        open_, {}, [](const auto& entry) { return entry.second.last_used; })));
  }
  CALVE_ASSIGN(PartitionFile file, BeginFile(part));
  return open_.emplace(std::move(key), std::move(file)).first;
}

Status PartitionedWriter::WritePart(const PartitionRows& part) {
  CALVE_ASSIGN(const auto at, FileFor(part));
  at->second.last_used = ++writes_;
  CALVE_TRY(at->second.file->Write(part.rows));
  if (at->second.file->written_bytes() >= options_.target_file_bytes) {
    return CloseFile(at);
  }
  return BoundMemory();
}

Status PartitionedWriter::BoundMemory() {
  int64_t buffered = 0;
  for (const auto& [key, file] : open_) {
    buffered += file.file->buffered_bytes();
  }
  if (buffered <= kBufferedBytes) {
    return {};
  }
  const auto fullest = std::ranges::max_element(
      open_, {}, [](const auto& entry) { return entry.second.file->buffered_bytes(); });
  return fullest->second.file->FlushRowGroup();
}

Status PartitionedWriter::CloseFile(OpenFiles::iterator at) {
  PartitionFile closing = std::move(at->second);
  open_.erase(at);
  CALVE_ASSIGN(DataFile file, closing.file->Close());
  file.spec_id = target_.spec.spec_id;
  file.partition = std::move(closing.partition);
  finished_[closing.begun] = std::move(file);
  return {};
}

}  // namespace

Result<std::unique_ptr<DataWriter>> DataWriter::Make(WriteTarget target,
                                                     WriteOptions options) {
  if (target.schema.fields.empty()) {
    return Invalid("a table without columns cannot be written");
  }
  if (options.row_group_rows <= 0 || options.target_file_bytes <= 0) {
    return Invalid("row_group_rows and target_file_bytes must be positive");
  }
  CALVE_ASSIGN(Type partition_type, PartitionType(target.spec, target.schema));
  CALVE_ASSIGN(PartitionSplitter splitter,
               PartitionSplitter::Make(target.spec, target.schema));
  return std::make_unique<PartitionedWriter>(std::move(target), std::move(options),
                                             std::move(partition_type),
                                             std::move(splitter));
}

}  // namespace calve::table
