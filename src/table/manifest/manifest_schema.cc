#include "table/manifest/manifest_schema.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace calve::table {

// Ordered: readers of the file see names first.
using Json = nlohmann::ordered_json;

namespace {

using Shape = FieldShape;

constexpr int32_t kV3 = 3;

constexpr std::array kEntryFields = {
    FieldSpec{.id = kStatusId, .name = "status", .shape = Shape::kInt, .required = true},
    FieldSpec{.id = kSnapshotIdId, .name = "snapshot_id", .shape = Shape::kLong},
    FieldSpec{
        .id = kDataSequenceNumberId, .name = "sequence_number", .shape = Shape::kLong},
    FieldSpec{.id = kFileSequenceNumberId,
              .name = "file_sequence_number",
              .shape = Shape::kLong},
    FieldSpec{.id = kDataFileId,
              .name = "data_file",
              .shape = Shape::kDataFile,
              .required = true},
};

constexpr std::array kDataFileFields = {
    FieldSpec{
        .id = kContentId, .name = "content", .shape = Shape::kInt, .required = true},
    FieldSpec{.id = kFilePathId,
              .name = "file_path",
              .shape = Shape::kString,
              .required = true},
    FieldSpec{.id = kFileFormatId,
              .name = "file_format",
              .shape = Shape::kString,
              .required = true},
    FieldSpec{.id = kPartitionId,
              .name = "partition",
              .shape = Shape::kPartition,
              .required = true},
    FieldSpec{.id = kRecordCountId,
              .name = "record_count",
              .shape = Shape::kLong,
              .required = true},
    FieldSpec{.id = kFileSizeId,
              .name = "file_size_in_bytes",
              .shape = Shape::kLong,
              .required = true},
    FieldSpec{.id = kColumnSizesId,
              .name = "column_sizes",
              .shape = Shape::kIntToLong,
              .item_id = 117,
              .value_id = 118},
    FieldSpec{.id = kValueCountsId,
              .name = "value_counts",
              .shape = Shape::kIntToLong,
              .item_id = 119,
              .value_id = 120},
    FieldSpec{.id = kNullValueCountsId,
              .name = "null_value_counts",
              .shape = Shape::kIntToLong,
              .item_id = 121,
              .value_id = 122},
    FieldSpec{.id = kNanValueCountsId,
              .name = "nan_value_counts",
              .shape = Shape::kIntToLong,
              .item_id = 138,
              .value_id = 139},
    FieldSpec{.id = kLowerBoundsId,
              .name = "lower_bounds",
              .shape = Shape::kIntToBytes,
              .item_id = 126,
              .value_id = 127},
    FieldSpec{.id = kUpperBoundsId,
              .name = "upper_bounds",
              .shape = Shape::kIntToBytes,
              .item_id = 129,
              .value_id = 130},
    FieldSpec{.id = kKeyMetadataId, .name = "key_metadata", .shape = Shape::kBytes},
    FieldSpec{.id = kSplitOffsetsId,
              .name = "split_offsets",
              .shape = Shape::kLongs,
              .item_id = 133},
    FieldSpec{.id = kEqualityIdsId,
              .name = "equality_ids",
              .shape = Shape::kInts,
              .item_id = 136},
    FieldSpec{.id = kSortOrderIdId, .name = "sort_order_id", .shape = Shape::kInt},
    FieldSpec{.id = kFirstRowIdId,
              .name = "first_row_id",
              .shape = Shape::kLong,
              .since_version = kV3},
    FieldSpec{.id = kReferencedDataFileId,
              .name = "referenced_data_file",
              .shape = Shape::kString},
    FieldSpec{.id = kContentOffsetId,
              .name = "content_offset",
              .shape = Shape::kLong,
              .since_version = kV3},
    FieldSpec{.id = kContentSizeId,
              .name = "content_size_in_bytes",
              .shape = Shape::kLong,
              .since_version = kV3},
};

constexpr FieldSpec Count(ManifestFieldId id, std::string_view name, Shape shape) {
  return {.id = id, .name = name, .shape = shape, .required = true};
}

constexpr std::array kManifestFileFields = {
    FieldSpec{.id = kManifestPathId,
              .name = "manifest_path",
              .shape = Shape::kString,
              .required = true},
    Count(kManifestLengthId, "manifest_length", Shape::kLong),
    Count(kSpecIdId, "partition_spec_id", Shape::kInt),
    Count(kManifestContentId, "content", Shape::kInt),
    Count(kSequenceNumberId, "sequence_number", Shape::kLong),
    Count(kMinSequenceNumberId, "min_sequence_number", Shape::kLong),
    Count(kAddedSnapshotIdId, "added_snapshot_id", Shape::kLong),
    Count(kAddedFilesId, "added_files_count", Shape::kInt),
    Count(kExistingFilesId, "existing_files_count", Shape::kInt),
    Count(kDeletedFilesId, "deleted_files_count", Shape::kInt),
    Count(kAddedRowsId, "added_rows_count", Shape::kLong),
    Count(kExistingRowsId, "existing_rows_count", Shape::kLong),
    Count(kDeletedRowsId, "deleted_rows_count", Shape::kLong),
    FieldSpec{.id = kPartitionsId,
              .name = "partitions",
              .shape = Shape::kSummaries,
              .item_id = 508},
    FieldSpec{
        .id = kManifestKeyMetadataId, .name = "key_metadata", .shape = Shape::kBytes},
    FieldSpec{.id = kManifestFirstRowIdId,
              .name = "first_row_id",
              .shape = Shape::kLong,
              .since_version = kV3},
};

constexpr std::array kSummaryFields = {
    FieldSpec{.id = kContainsNullId,
              .name = "contains_null",
              .shape = Shape::kBoolean,
              .required = true},
    FieldSpec{.id = kContainsNanId, .name = "contains_nan", .shape = Shape::kBoolean},
    FieldSpec{.id = kLowerBoundId, .name = "lower_bound", .shape = Shape::kBytes},
    FieldSpec{.id = kUpperBoundId, .name = "upper_bound", .shape = Shape::kBytes},
};

Json FieldJson(std::string_view name, int32_t id, Json type) {
  return {{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}

Json OptionalFieldJson(std::string_view name, int32_t id, Json type) {
  Json field = FieldJson(name, id, Json::array({"null", std::move(type)}));
  field["default"] = nullptr;
  return field;
}

Json RecordJson(std::string_view name, Json fields) {
  return {{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
}

Json ListJson(int32_t element_id, Json items) {
  return {{"type", "array"}, {"items", std::move(items)}, {"element-id", element_id}};
}

/// Avro's maps have string keys only, so Iceberg writes others as arrays of pairs.
Json MapJson(const FieldSpec& field, std::string_view value_type) {
  Json fields = Json::array();
  fields.push_back(FieldJson("key", field.item_id, "int"));
  fields.push_back(FieldJson("value", field.value_id, value_type));
  const std::string name = fmt::format("k{}_v{}", field.item_id, field.value_id);
  return {{"type", "array"},
          {"items", RecordJson(name, std::move(fields))},
          {"logicalType", "map"}};
}

/// What the schema of a record needs beside its own fields.
struct SchemaContext {
  int32_t format_version;
  const Type* partition_type;  // null in a manifest list
};

Json FieldsJson(std::span<const FieldSpec> fields, const SchemaContext& context);

Json FixedJson(std::string_view kind, int64_t size, FieldId owner) {
  // Avro wants each name once, so it carries the field's id.
  return {{"type", "fixed"},
          {"name", fmt::format("{}_{}", kind, owner.value)},
          {"size", size}};
}

Json LogicalJson(std::string_view type, std::string_view logical_type) {
  return {{"type", type}, {"logicalType", logical_type}};
}

Json TimestampJson(bool adjust_to_utc) {
  Json type = LogicalJson("long", "timestamp-micros");
  type["adjust-to-utc"] = adjust_to_utc;
  return type;
}

Json DecimalJson(const Type& type, FieldId owner) {
  Json fixed = FixedJson("decimal", DecimalSizeBytes(type.precision), owner);
  fixed["logicalType"] = "decimal";
  fixed["precision"] = type.precision;
  fixed["scale"] = type.scale;
  return fixed;
}

Json UuidJson(FieldId owner) {
  constexpr int64_t kUuidBytes = 16;
  Json fixed = FixedJson("uuid", kUuidBytes, owner);
  fixed["logicalType"] = "uuid";
  return fixed;
}

/// The type of a partition field. Partition types are flat, so nested ones don't occur.
Json PrimitiveJson(const Type& type, FieldId owner) {
  switch (type.id) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kInt:
      return "int";
    case TypeId::kLong:
      return "long";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kDate:
      return LogicalJson("int", "date");
    case TypeId::kTime:
      return LogicalJson("long", "time-micros");
    case TypeId::kTimestamp:
      return TimestampJson(/*adjust_to_utc=*/false);
    case TypeId::kTimestamptz:
      return TimestampJson(/*adjust_to_utc=*/true);
    case TypeId::kDecimal:
      return DecimalJson(type, owner);
    case TypeId::kUuid:
      return UuidJson(owner);
    case TypeId::kFixed:
      return FixedJson("fixed", type.length, owner);
    case TypeId::kString:
      return "string";
    default:
      return "bytes";
  }
}

/// A name that Avro allows: letters, digits and `_`, no digit first.
std::string AvroName(const std::string& name) {
  std::string safe;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool digit = byte >= '0' && byte <= '9';
    const bool plain = (byte < 0x80 && std::isalpha(byte) != 0) || byte == '_' || digit;
    if (!plain) {
      safe += fmt::format("_x{:X}", byte);
      continue;
    }
    if (digit && safe.empty()) {
      safe += '_';
    }
    safe += letter;
  }
  return safe;
}

Json PartitionJson(const Type& partition_type) {
  Json fields = Json::array();
  for (const Field& field : partition_type.children) {
    const std::string name = AvroName(field.name);
    Json json =
        OptionalFieldJson(name, field.id.value, PrimitiveJson(field.type, field.id));
    if (name != field.name) {
      json["iceberg-field-name"] = field.name;
    }
    fields.push_back(std::move(json));
  }
  return RecordJson("r102", std::move(fields));
}

Json TypeJson(const FieldSpec& field, const SchemaContext& context) {
  switch (field.shape) {
    case Shape::kBoolean:
      return "boolean";
    case Shape::kInt:
      return "int";
    case Shape::kLong:
      return "long";
    case Shape::kString:
      return "string";
    case Shape::kBytes:
      return "bytes";
    case Shape::kInts:
      return ListJson(field.item_id, "int");
    case Shape::kLongs:
      return ListJson(field.item_id, "long");
    case Shape::kIntToLong:
      return MapJson(field, "long");
    case Shape::kIntToBytes:
      return MapJson(field, "bytes");
    case Shape::kSummaries:
      return ListJson(field.item_id,
                      RecordJson("r508", FieldsJson(SummaryFields(), context)));
    case Shape::kPartition:
      return PartitionJson(*context.partition_type);
    case Shape::kDataFile:
      return RecordJson("r2", FieldsJson(DataFileFields(), context));
  }
  return nullptr;
}

Json FieldsJson(std::span<const FieldSpec> fields, const SchemaContext& context) {
  Json json = Json::array();
  for (const FieldSpec& field : FieldsOf(fields, context.format_version)) {
    Json type = TypeJson(field, context);
    json.push_back(field.required
                       ? FieldJson(field.name, field.id, std::move(type))
                       : OptionalFieldJson(field.name, field.id, std::move(type)));
  }
  return json;
}

/// Never throws: text that is not UTF-8 is replaced.
std::string Dump(const Json& json) {
  return json.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}

}  // namespace

std::span<const FieldSpec> EntryFields() {
  return kEntryFields;
}
std::span<const FieldSpec> DataFileFields() {
  return kDataFileFields;
}
std::span<const FieldSpec> ManifestFileFields() {
  return kManifestFileFields;
}
std::span<const FieldSpec> SummaryFields() {
  return kSummaryFields;
}

std::string ManifestEntryAvroSchema(int32_t format_version, const Type& partition_type) {
  const SchemaContext context = {.format_version = format_version,
                                 .partition_type = &partition_type};
  return Dump(RecordJson("manifest_entry", FieldsJson(EntryFields(), context)));
}

std::string ManifestFileAvroSchema(int32_t format_version) {
  const SchemaContext context = {.format_version = format_version,
                                 .partition_type = nullptr};
  return Dump(RecordJson("manifest_file", FieldsJson(ManifestFileFields(), context)));
}

int32_t DecimalSizeBytes(int precision) {
  // The smallest n with 2^(8n-1) > 10^precision - 1.
  __extension__ using Wide = unsigned __int128;
  Wide largest = 1;
  constexpr int kMaxPrecision = 38;
  for (int i = 0; i < std::min(precision, kMaxPrecision); ++i) {
    largest *= 10;
  }
  --largest;
  int32_t size = 1;
  for (Wide limit = Wide{1} << 7U; limit <= largest; limit <<= 8U) {
    ++size;
  }
  return size;
}

}  // namespace calve::table
