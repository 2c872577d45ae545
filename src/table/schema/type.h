#pragma once

/// \file table/schema/type.h
/// Iceberg's types. Spec: "Schemas and Data Types".

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace calve::table {

/// A column's id, stable over renames; what files and statistics refer to.
struct FieldId {
  int32_t value = 0;
  auto operator<=>(const FieldId&) const = default;
};

enum class TypeId {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,
  kTime,
  kTimestamp,
  kTimestamptz,
  kString,
  kUuid,
  kFixed,
  kBinary,
  kStruct,
  kList,
  kMap,
};

struct Field;

/// A type, a value. Parameters that its id has no use for are zero or empty.
struct Type {
  TypeId id = TypeId::kString;
  int precision = 0;   // decimal, 1-38
  int scale = 0;       // decimal
  int64_t length = 0;  // fixed
  /// struct: its fields; list: one, `element`; map: two, `key` and `value`.
  std::vector<Field> children;

  bool is_nested() const { return id >= TypeId::kStruct; }
  bool operator==(const Type&) const;
};

/// A named, numbered column or part of a nested type.
struct Field {
  FieldId id;
  std::string name;
  Type type;
  bool required = false;
  std::string doc;
  /// Members of the field's JSON that this version keeps but does not apply (v3's
  /// `initial-default` and `write-default`): a JSON object as text, or empty.
  // Initialized, so that GCC lets positional initializers leave it out.
  std::string unknown_members = {};  // NOLINT(readability-redundant-member-init)

  bool operator==(const Field&) const = default;
};

/// The type with this id and no parameters: `TypeOf(TypeId::kLong)`.
Type TypeOf(TypeId id);
Type DecimalType(int precision, int scale);
Type FixedType(int64_t length);
Type StructType(std::vector<Field> fields);
/// A list; its part is named `element`.
Type ListType(FieldId element_id, Type element, bool element_required);
/// One side of a map.
struct MapPart {
  FieldId id;
  Type type;
};
/// A map; its parts are named `key` (required) and `value`.
Type MapType(MapPart key, MapPart value, bool value_required);

/// Parses a primitive type's name as metadata writes it: `long`, `decimal(10, 2)` (with
/// or without the space), `fixed[16]`, `timestamptz`.
///
/// \return the type, kUnsupported for a type of a later format version (timestamp_ns,
///         variant, …), or kCorrupt
Result<Type> ParsePrimitiveType(std::string_view name);

/// The name of a primitive type as metadata writes it. Requires: not nested.
std::string PrimitiveTypeName(const Type& type);

/// Whether the spec lets a column change from one type to the other without a rewrite:
/// int → long, float → double, decimal(P,S) → decimal(P',S) with P' > P. Equal types are
/// no promotion.
bool CanPromote(const Type& from, const Type& to);

}  // namespace calve::table
