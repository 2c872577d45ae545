#include "table/scan/mapped_parts.h"

#include <string>
#include <string_view>
#include <utility>

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

namespace calve::table {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;
using FieldPtr = std::shared_ptr<arrow::Field>;

constexpr int32_t kNoColumn = -1;

TypePtr MappedType(const TypePtr& type, const NameMapping& parts);

/// The field with its own parts mapped; `name` is what the mapping calls it.
FieldPtr MappedField(const FieldPtr& field, std::string_view name,
                     const NameMapping& parts) {
  const MappedName* mapped = FindName(parts, name);
  const bool known = mapped != nullptr && mapped->id.has_value();
  return field
      ->WithType(
          MappedType(field->type(), mapped != nullptr ? mapped->parts : NameMapping()))
      ->WithMetadata(arrow::key_value_metadata(
          {"PARQUET:field_id"}, {std::to_string(known ? mapped->id->value : kNoColumn)}));
}

TypePtr MappedStruct(const arrow::DataType& type, const NameMapping& parts) {
  arrow::FieldVector fields;
  for (const FieldPtr& field : type.fields()) {
    fields.push_back(MappedField(field, field->name(), parts));
  }
  return arrow::struct_(std::move(fields));
}

TypePtr MappedType(const TypePtr& type, const NameMapping& parts) {
  switch (type->id()) {
    case arrow::Type::STRUCT:
      return MappedStruct(*type, parts);
    case arrow::Type::LIST:
      return arrow::list(MappedField(type->field(0), "element", parts));
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(MappedField(type->field(0), "element", parts));
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          MappedField(type->field(0), "element", parts),
          static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(
          MappedField(map.key_field(), "key", parts),
          MappedField(map.item_field(), "value", parts), map.keys_sorted());
    }
    default:
      return type;
  }
}

std::shared_ptr<arrow::ArrayData> Retyped(const arrow::ArrayData& data, TypePtr type) {
  auto copy = data.Copy();
  for (size_t child = 0; child < copy->child_data.size(); ++child) {
    copy->child_data[child] =
        Retyped(*data.child_data[child], type->field(static_cast<int>(child))->type());
  }
  copy->type = std::move(type);
  return copy;
}

}  // namespace

std::shared_ptr<arrow::Array> WithMappedIds(const arrow::Array& column,
                                            const NameMapping& parts) {
  if (!arrow::is_nested(column.type_id())) {
    return arrow::MakeArray(column.data());
  }
  return arrow::MakeArray(Retyped(*column.data(), MappedType(column.type(), parts)));
}

}  // namespace calve::table
