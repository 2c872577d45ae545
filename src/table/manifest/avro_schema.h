#pragma once

/// \file table/manifest/avro_schema.h
/// The Avro schema that a file was written with, as far as its bytes need it, with
/// Iceberg's field ids. Specs: Avro "Schema Declaration"; Iceberg Appendix A.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace calve::table::avro {

enum class Kind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kRecord,
  kArray,
  kMap,
  kUnion,
};

/// Avro's name of a kind, for messages.
std::string_view KindName(Kind kind);

/// A type's place in its schema. Types refer to each other by place, so a type may
/// contain itself.
struct TypeRef {
  size_t index = 0;
};

struct RecordField {
  std::string name;
  std::optional<int32_t> field_id;  // Iceberg's `field-id`
  TypeRef type;
};

/// One type. What its kind has no use for is empty.
struct Node {
  // Initializers let GCC see that a designated list may leave a member out.
  // NOLINTBEGIN(readability-redundant-member-init)
  Kind kind = Kind::kNull;
  std::string name = {};                 // record, fixed, enum: full name
  size_t fixed_size_bytes = 0;           // fixed
  std::vector<RecordField> fields = {};  // record
  TypeRef items = {};                    // array: its items; map: its values
  std::optional<int32_t> item_id = {};   // array: `element-id`; map: `value-id`
  std::optional<int32_t> key_id = {};    // map: `key-id`
  std::vector<TypeRef> branches = {};    // union; none is a union itself
  std::string logical_type = {};  // `map` on an array of key-value records, `date`, …
  // NOLINTEND(readability-redundant-member-init)
};

/// A parsed schema. A value.
class WriterSchema {
 public:
  /// Parses a schema's JSON. A name defined twice is taken as its latest definition,
  /// since some writers repeat a fixed type. Aliases, defaults and documentation are
  /// ignored. \return the schema, or kCorrupt: no JSON, no Avro schema, an unknown name,
  /// nested too deep
  static Result<WriterSchema> Parse(std::string_view json_text);

  TypeRef root() const { return root_; }
  const Node& node(TypeRef ref) const { return nodes_[ref.index]; }

 private:
  friend class SchemaParser;

  std::vector<Node> nodes_;
  TypeRef root_;
};

}  // namespace calve::table::avro
