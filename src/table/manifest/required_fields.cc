#include "table/manifest/required_fields.h"

#include <algorithm>

#include <fmt/format.h>

namespace calve::table {
namespace {

/// The record that a type is, or that its union has as a branch; null if there is none.
const avro::Node* FindRecord(const avro::WriterSchema& schema, avro::TypeRef type) {
  const avro::Node& node = schema.node(type);
  if (node.kind == avro::Kind::kRecord) {
    return &node;
  }
  for (const avro::TypeRef branch : node.branches) {
    if (schema.node(branch).kind == avro::Kind::kRecord) {
      return &schema.node(branch);
    }
  }
  return nullptr;
}

}  // namespace

Result<const avro::Node*> RequireFields(const avro::WriterSchema& schema,
                                        avro::TypeRef type,
                                        std::span<const ManifestFieldId> ids) {
  const avro::Node* record = FindRecord(schema, type);
  if (record == nullptr) {
    return Error{ErrorKind::kCorrupt, "Avro schema: no record where one should be"};
  }
  for (const ManifestFieldId id : ids) {
    const bool present = std::ranges::any_of(
        record->fields,
        [&](const avro::RecordField& field) { return field.field_id == id; });
    if (!present) {
      return Error{ErrorKind::kCorrupt,
                   fmt::format("Avro schema: record {:.64} has no field with id {}",
                               record->name, static_cast<int32_t>(id))};
    }
  }
  return record;
}

}  // namespace calve::table
