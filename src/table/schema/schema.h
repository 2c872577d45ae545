#pragma once

/// \file table/schema/schema.h
/// A table's columns, and their Arrow and JSON forms. Spec: "Schemas and Data Types",
/// Appendix C "Schemas".

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>
#include <nlohmann/json_fwd.hpp>

#include "core/result.h"
#include "table/schema/type.h"

namespace calve::table {

/// A table's columns as of one schema id. A value.
struct Schema {
  int32_t schema_id = 0;
  std::vector<Field> fields;
  std::vector<FieldId> identifier_field_ids;

  /// The top-level column with this id, or null. Valid while the schema is unchanged.
  const Field* Find(FieldId id) const;
  /// The top-level column with exactly this name, or null.
  const Field* Find(std::string_view name) const;
  /// The field with this id, also inside structs, lists and maps, or null.
  const Field* FindNested(FieldId id) const;
  /// The largest id in use, nested ones too; 0 if there is none.
  FieldId HighestFieldId() const;

  bool operator==(const Schema&) const = default;
};

/// The Arrow schema that batches of the table have: same names and order,
/// `PARQUET:field_id` metadata on every field. `timestamptz` is timestamp[us, UTC],
/// `uuid` fixed_size_binary(16).
std::shared_ptr<arrow::Schema> ToArrow(const Schema& schema);
std::shared_ptr<arrow::Field> ToArrow(const Field& field);

/// The Iceberg type whose Arrow form this is; kUnsupported if there is none. Exact: an
/// int16 or large_utf8 column has none, so that batches of equal types are laid out
/// alike. fixed_size_binary(16) is read as `fixed[16]`, any time zone as `timestamptz`.
/// Nested fields take their ids from `PARQUET:field_id`, 0 where it is missing.
Result<Type> FromArrow(const arrow::DataType& type);
Result<Field> FromArrow(const arrow::Field& field);

nlohmann::json SchemaToJson(const Schema& schema);
/// \return the schema, its field ids and sibling names without repeats; kCorrupt names
/// the
///         member at fault, kUnsupported a type of a later format version
Result<Schema> SchemaFromJson(const nlohmann::json& json);

}  // namespace calve::table
