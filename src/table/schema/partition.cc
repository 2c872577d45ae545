#include "table/schema/partition.h"

#include <utility>

#include <fmt/format.h>

namespace calve::table {
namespace {

Result<Type> FieldType(const PartitionField& field, const Schema& schema) {
  const Field* source = schema.FindNested(field.source_id);
  if (source == nullptr && field.transform.kind == TransformKind::kVoid) {
    return TypeOf(TypeId::kInt);
  }
  if (source == nullptr) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("partition field '{}': its source column {} is missing",
                             field.name, field.source_id.value)};
  }
  auto type = TransformResultType(field.transform, source->type);
  if (!type) {
    return Error{ErrorKind::kCorrupt, fmt::format("partition field '{}': {}", field.name,
                                                  type.error().message)};
  }
  return type;
}

}  // namespace

Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema) {
  std::vector<Field> fields;
  fields.reserve(spec.fields.size());
  for (const PartitionField& field : spec.fields) {
    CALVE_ASSIGN(Type type, FieldType(field, schema));
    fields.push_back(
        {field.field_id, field.name, std::move(type), /*required=*/false, ""});
  }
  return StructType(std::move(fields));
}

}  // namespace calve::table
