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

  bool operator==(const Field&) const = default;
};

/// Parses a primitive type's name as metadata writes it: `long`, `decimal(10,2)`,
/// `fixed[16]`, `timestamptz`. \return the type, kUnsupported for a type of a later
/// format version (timestamp_ns, variant),
///         or kCorrupt
Result<Type> ParsePrimitiveType(std::string_view name);

/// The name of a primitive type as metadata writes it. Requires: not nested.
std::string PrimitiveTypeName(const Type& type);

/// Whether the spec lets a column change from one type to the other without a rewrite:
/// int → long, float → double, decimal(P,S) → decimal(P',S) with P' > P.
bool CanPromote(const Type& from, const Type& to);

}  // namespace calve::table
