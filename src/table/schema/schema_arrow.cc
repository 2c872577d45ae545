#include <charconv>
#include <utility>

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include "table/schema/schema.h"

namespace calve::table {
namespace {

constexpr const char* kFieldIdKey = "PARQUET:field_id";

std::shared_ptr<arrow::DataType> TypeToArrow(const Type& type);

std::shared_ptr<arrow::DataType> StructToArrow(const std::vector<Field>& fields) {
  arrow::FieldVector children;
  children.reserve(fields.size());
  for (const Field& field : fields) {
    children.push_back(ToArrow(field));
  }
  return arrow::struct_(std::move(children));
}

std::shared_ptr<arrow::DataType> NestedToArrow(const Type& type) {
  if (type.id == TypeId::kList) {
    return arrow::list(ToArrow(type.children.at(0)));
  }
  if (type.id == TypeId::kMap) {
    return std::make_shared<arrow::MapType>(ToArrow(type.children.at(0)),
                                            ToArrow(type.children.at(1)));
  }
  return StructToArrow(type.children);
}

std::shared_ptr<arrow::DataType> TypeToArrow(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kInt:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamptz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kUuid:
      return arrow::fixed_size_binary(16);
    case TypeId::kFixed:
      return arrow::fixed_size_binary(static_cast<int32_t>(type.length));
    case TypeId::kBinary:
      return arrow::binary();
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return NestedToArrow(type);
  }
  return arrow::null();
}

/// The id in the field's metadata, or 0.
FieldId IdOf(const arrow::Field& field) {
  FieldId id;
  if (field.HasMetadata()) {
    const int index = field.metadata()->FindKey(kFieldIdKey);
    if (index >= 0) {
      const std::string& text = field.metadata()->value(index);
      std::from_chars(text.data(), text.data() + text.size(), id.value);
    }
  }
  return id;
}

Error NoSuchType(const arrow::DataType& type) {
  return {ErrorKind::kUnsupported,
          fmt::format("no Iceberg type for Arrow's {}", type.ToString())};
}

Result<std::vector<Field>> ChildrenFromArrow(const arrow::DataType& type) {
  std::vector<Field> fields;
  for (const auto& child : type.fields()) {
    CALVE_ASSIGN(Field field, FromArrow(*child));
    fields.push_back(std::move(field));
  }
  return fields;
}

Result<Type> ListFromArrow(const arrow::ListType& type) {
  CALVE_ASSIGN(Field element, FromArrow(*type.value_field()));
  return ListType(element.id, std::move(element.type), element.required);
}

Result<Type> MapFromArrow(const arrow::MapType& type) {
  CALVE_ASSIGN(Field key, FromArrow(*type.key_field()));
  CALVE_ASSIGN(Field value, FromArrow(*type.item_field()));
  return MapType({key.id, std::move(key.type)}, {value.id, std::move(value.type)},
                 value.required);
}

Result<Type> TimestampFromArrow(const arrow::TimestampType& type) {
  if (type.unit() != arrow::TimeUnit::MICRO) {
    return NoSuchType(type);
  }
  return TypeOf(type.timezone().empty() ? TypeId::kTimestamp : TypeId::kTimestamptz);
}

Result<Type> ParametricFromArrow(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return decimal.scale() < 0
                 ? Result<Type>(NoSuchType(type))
                 : Result<Type>(DecimalType(decimal.precision(), decimal.scale()));
    }
    case arrow::Type::TIME64:
      return static_cast<const arrow::Time64Type&>(type).unit() == arrow::TimeUnit::MICRO
                 ? Result<Type>(TypeOf(TypeId::kTime))
                 : Result<Type>(NoSuchType(type));
    case arrow::Type::TIMESTAMP:
      return TimestampFromArrow(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::FIXED_SIZE_BINARY:
      return FixedType(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
    case arrow::Type::STRUCT: {
      CALVE_ASSIGN(auto fields, ChildrenFromArrow(type));
      return StructType(std::move(fields));
    }
    case arrow::Type::LIST:
      return ListFromArrow(static_cast<const arrow::ListType&>(type));
    case arrow::Type::MAP:
      return MapFromArrow(static_cast<const arrow::MapType&>(type));
    default:
      return NoSuchType(type);
  }
}

}  // namespace

std::shared_ptr<arrow::Field> ToArrow(const Field& field) {
  return arrow::field(
      field.name, TypeToArrow(field.type), /*nullable=*/!field.required,
      arrow::key_value_metadata({kFieldIdKey}, {std::to_string(field.id.value)}));
}

std::shared_ptr<arrow::Schema> ToArrow(const Schema& schema) {
  arrow::FieldVector fields;
  fields.reserve(schema.fields.size());
  for (const Field& field : schema.fields) {
    fields.push_back(ToArrow(field));
  }
  return arrow::schema(std::move(fields));
}

Result<Type> FromArrow(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return TypeOf(TypeId::kBoolean);
    case arrow::Type::INT32:
      return TypeOf(TypeId::kInt);
    case arrow::Type::INT64:
      return TypeOf(TypeId::kLong);
    case arrow::Type::FLOAT:
      return TypeOf(TypeId::kFloat);
    case arrow::Type::DOUBLE:
      return TypeOf(TypeId::kDouble);
    case arrow::Type::DATE32:
      return TypeOf(TypeId::kDate);
    case arrow::Type::STRING:
      return TypeOf(TypeId::kString);
    case arrow::Type::BINARY:
      return TypeOf(TypeId::kBinary);
    default:
      return ParametricFromArrow(type);
  }
}

Result<Field> FromArrow(const arrow::Field& field) {
  CALVE_ASSIGN(Type type, FromArrow(*field.type()));
  return Field{IdOf(field), field.name(), std::move(type), !field.nullable(), ""};
}

}  // namespace calve::table
