#include "table/scan/parquet_source.h"

#include <utility>

#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include "table/data/parquet_status.h"

namespace calve::table {
namespace {

/// Column chunks are read through a buffer of this size, so that memory does not grow
/// with the row groups of other writers.
constexpr int64_t kReadBufferBytes = 512LL * 1024;

parquet::ReaderProperties ParquetProperties() {
  parquet::ReaderProperties properties;
  properties.enable_buffered_stream();
  properties.set_buffer_size(kReadBufferBytes);
  properties.set_page_checksum_verification(/*check_crc=*/true);
  return properties;
}

parquet::ArrowReaderProperties ArrowProperties() {
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_pre_buffer(/*pre_buffer=*/false);
  properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  return properties;
}

Status CheckReadable(const DataFile& file) {
  if (file.file_format != "PARQUET") {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("file format {} of {}", file.file_format, file.file_path)};
  }
  if (file.key_metadata) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("encrypted file: {}", file.file_path)};
  }
  return {};
}

/// What is later relied on: counts that are not negative, and add up.
bool HasRows(const parquet::FileMetaData& footer, int64_t expected) {
  int64_t left = expected;
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const int64_t rows = footer.RowGroup(group)->num_rows();
    if (rows < 0 || rows > left) {
      return false;
    }
    left -= rows;
  }
  return left == 0;
}

Error OtherRows(const DataFile& file) {
  return {ErrorKind::kCorrupt,
          fmt::format("the file's row groups do not have the {} rows "
                      "that its manifest says: {}",
                      file.record_count, file.file_path)};
}

void GatherLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) {
    leaves.push_back(field.column_index);
  }
  for (const parquet::arrow::SchemaField& child : field.children) {
    GatherLeaves(child, leaves);
  }
}

const parquet::schema::Node& NodeOf(const parquet::arrow::SchemaManifest& manifest,
                                    int field) {
  return *manifest.descr->group_node()->field(field);
}

}  // namespace

Result<ParquetSource> ParquetSource::Open(io::ObjectStore& store, const DataFile& file) {
  CALVE_TRY(CheckReadable(file));
  CALVE_ASSIGN(auto object, store.Open(file.file_path));
  ParquetSource source;
  source.location = file.file_path;
  source.input = std::make_shared<ArrowInput>(std::move(object));
  CALVE_TRY(source.Guard([&]() -> arrow::Status {
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(source.input, ParquetProperties()));
    builder.properties(ArrowProperties());
    ARROW_ASSIGN_OR_RAISE(source.reader, builder.Build());
    return arrow::Status::OK();
  }));
  bool has_rows = false;
  CALVE_TRY(source.Guard([&] {
    has_rows = HasRows(source.footer(), file.record_count);
    return arrow::Status::OK();
  }));
  if (!has_rows) {
    return OtherRows(file);
  }
  return source;
}

Status ParquetSource::Guard(const std::function<arrow::Status()>& body) const {
  return GuardParquetRead(location, *input, body);
}

const parquet::FileMetaData& ParquetSource::footer() const {
  return *reader->parquet_reader()->metadata();
}

ColumnMap::ColumnMap(const ParquetSource& source, const NameMapping* names)
    : manifest_(source.reader->manifest()), names_(names) {
  for (size_t field = 0; field < manifest_.schema_fields.size(); ++field) {
    has_ids_ = has_ids_ || NodeOf(manifest_, static_cast<int>(field)).field_id() >= 0;
  }
}

MappedColumn ColumnMap::Find(FieldId id, const std::string* name) const {
  for (size_t at = 0; at < manifest_.schema_fields.size(); ++at) {
    const int field = static_cast<int>(at);
    const parquet::schema::Node& node = NodeOf(manifest_, field);
    const bool by_mapping = !has_ids_ && names_ != nullptr;
    const MappedName* mapped = by_mapping ? FindName(*names_, node.name()) : nullptr;
    const bool found = by_mapping ? mapped != nullptr && mapped->id == id
                       : has_ids_ ? node.field_id() == id.value
                                  : name != nullptr && node.name() == *name;
    if (found) {
      MappedColumn column{
          .field = field, .leaves = {}, .is_int96 = false, .mapped = mapped};
      GatherLeaves(manifest_.schema_fields[at], column.leaves);
      column.is_int96 =
          node.is_primitive() &&
          static_cast<const parquet::schema::PrimitiveNode&>(node).physical_type() ==
              parquet::Type::INT96;
      return column;
    }
  }
  return {};
}

}  // namespace calve::table
