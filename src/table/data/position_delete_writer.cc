#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "table/data/data_writer.h"
#include "table/data/parquet_file.h"
#include "table/data/position_delete_schema.h"

namespace calve::table {
namespace {

constexpr int64_t kBatchRows = 64 * 1024;
/// Readers need the path's bounds, however long it is.
constexpr int64_t kMaxPathBytes = 1024 * 1024;

Field Required(FieldId id, std::string name, TypeId type_id) {
  Field field;
  field.id = id;
  field.name = std::move(name);
  field.type.id = type_id;
  field.required = true;
  return field;
}

bool StrictlyAscending(const std::vector<int64_t>& positions) {
  return std::ranges::adjacent_find(positions, std::ranges::greater_equal{}) ==
         positions.end();
}

Result<std::string> FolderOf(const WriteTarget& target, const DataFile& data_file) {
  std::string folder = target.location + "/data";
  if (data_file.spec_id != target.spec.spec_id) {
    return folder;  // Only the current spec's names are known here.
  }
  CALVE_ASSIGN(const Type type, PartitionType(target.spec, target.schema));
  const std::string path = PartitionPath(target.spec, type, data_file.partition);
  return path.empty() ? folder : folder + "/" + path;
}

/// The Arrow form of the schema, with the path as a dictionary: it is there once, and the
/// rows cost four bytes.
std::shared_ptr<arrow::Schema> DictionarySchema(const Schema& schema) {
  std::vector<std::shared_ptr<arrow::Field>> fields = ToArrow(schema)->fields();
  fields[0] = fields[0]->WithType(arrow::dictionary(arrow::int32(), arrow::utf8()));
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Array>> OneString(const std::string& text) {
  arrow::StringBuilder builder;
  CALVE_TRY(calve::FromArrow(builder.Append(text)));
  return calve::FromArrow(builder.Finish());
}

Status WriteRows(ParquetFile& file, const std::shared_ptr<arrow::Schema>& schema,
                 const std::string& path, const std::vector<int64_t>& positions) {
  CALVE_ASSIGN(const auto dictionary, OneString(path));
  const std::vector<int32_t> zeros(
      std::min(positions.size(), static_cast<size_t>(kBatchRows)), 0);
  const arrow::Int64Array all(static_cast<int64_t>(positions.size()),
                              arrow::Buffer::Wrap(positions));
  for (int64_t row = 0; row < all.length(); row += kBatchRows) {
    const auto part = all.Slice(row, kBatchRows);
    const auto indices =
        std::make_shared<arrow::Int32Array>(part->length(), arrow::Buffer::Wrap(zeros));
    const auto paths = std::make_shared<arrow::DictionaryArray>(schema->field(0)->type(),
                                                                indices, dictionary);
    CALVE_TRY(
        file.Write(arrow::RecordBatch::Make(schema, part->length(), {paths, part})));
  }
  return {};
}

}  // namespace

Schema PositionDeleteSchema() {
  Schema schema;
  schema.fields.push_back(Required(kDeleteFilePathId, "file_path", TypeId::kString));
  schema.fields.push_back(Required(kDeletePositionId, "pos", TypeId::kLong));
  return schema;
}

Result<DataFile> WritePositionDeletes(const WriteTarget& target,
                                      const DataFile& data_file,
                                      const std::vector<int64_t>& positions) {
  if (positions.empty() || positions.front() < 0 || !StrictlyAscending(positions)) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("deleted positions must be ascending, not negative and not "
                             "empty: {}",
                             data_file.file_path)};
  }
  CALVE_ASSIGN(const std::string folder, FolderOf(target, data_file));
  ParquetSettings settings{
      .location = fmt::format("{}/{}-deletes.parquet", folder, target.uuids->Next()),
      .schema = PositionDeleteSchema(),
      .arrow_schema = nullptr,
      .row_group_rows = WriteOptions{}.row_group_rows,
      .zstd_level = WriteOptions{}.zstd_level,
      .full_bounds_columns = {"file_path"},
      .plain_columns = {"pos"},
      .max_bounds_bytes = kMaxPathBytes};
  settings.arrow_schema = DictionarySchema(settings.schema);
  const auto schema = settings.arrow_schema;
  CALVE_ASSIGN(const auto file, ParquetFile::Make(*target.store, std::move(settings)));
  CALVE_TRY(WriteRows(*file, schema, data_file.file_path, positions));
  CALVE_ASSIGN(DataFile deletes, file->Close());
  deletes.content = FileContent::kPositionDeletes;
  deletes.spec_id = data_file.spec_id;
  deletes.partition = data_file.partition;
  deletes.referenced_data_file = data_file.file_path;
  return deletes;
}

}  // namespace calve::table
