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
  /// The largest id in use, nested ones too; 0 if there is none.
  FieldId HighestFieldId() const;

  bool operator==(const Schema&) const = default;
};

/// The Arrow schema that batches of the table have: same names and order,
/// `PARQUET:field_id` metadata on every field. `timestamptz` is timestamp[us, UTC],
/// `uuid` fixed_size_binary(16).
std::shared_ptr<arrow::Schema> ToArrow(const Schema& schema);
std::shared_ptr<arrow::Field> ToArrow(const Field& field);

/// The Iceberg type of an Arrow type; kUnsupported if there is none.
Result<Type> FromArrow(const arrow::DataType& type);

nlohmann::json SchemaToJson(const Schema& schema);
Result<Schema> SchemaFromJson(const nlohmann::json& json);

}  // namespace calve::table
