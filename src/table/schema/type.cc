#include "table/schema/type.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace calve::table {
namespace {

constexpr int kMaxPrecision = 38;
constexpr int64_t kMaxFixedLength = 2'147'483'647;

struct NamedType {
  TypeId id;
  std::string_view name;
};

/// Primitive types without parameters.
constexpr std::array kSimpleTypes = {
    NamedType{TypeId::kBoolean, "boolean"},
    NamedType{TypeId::kInt, "int"},
    NamedType{TypeId::kLong, "long"},
    NamedType{TypeId::kFloat, "float"},
    NamedType{TypeId::kDouble, "double"},
    NamedType{TypeId::kDate, "date"},
    NamedType{TypeId::kTime, "time"},
    NamedType{TypeId::kTimestamp, "timestamp"},
    NamedType{TypeId::kTimestamptz, "timestamptz"},
    NamedType{TypeId::kString, "string"},
    NamedType{TypeId::kUuid, "uuid"},
    NamedType{TypeId::kBinary, "binary"},
};

/// Types of format version 3; the last two may have parameters.
constexpr std::array<std::string_view, 6> kLaterTypes = {
    "timestamp_ns", "timestamptz_ns", "variant", "unknown", "geometry", "geography"};

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<int64_t> ParseNumber(std::string_view text) {
  text = Trim(text);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

/// The text between `prefix` and the last character, `close`; nullopt if it has not this
/// form.
std::optional<std::string_view> Inside(std::string_view name, std::string_view prefix,
                                       char close) {
  if (!name.starts_with(prefix) || !name.ends_with(close)) {
    return std::nullopt;
  }
  name.remove_prefix(prefix.size());
  name.remove_suffix(1);
  return name;
}

std::optional<Type> ParseDecimal(std::string_view name) {
  const auto inside = Inside(name, "decimal(", ')');
  const size_t comma = inside ? inside->find(',') : std::string_view::npos;
  if (comma == std::string_view::npos) {
    return std::nullopt;
  }
  const auto precision = ParseNumber(inside->substr(0, comma));
  const auto scale = ParseNumber(inside->substr(comma + 1));
  if (!precision || *precision < 1 || *precision > kMaxPrecision || !scale ||
      *scale > kMaxPrecision) {
    return std::nullopt;
  }
  return DecimalType(static_cast<int>(*precision), static_cast<int>(*scale));
}

std::optional<Type> ParseFixed(std::string_view name) {
  const auto inside = Inside(name, "fixed[", ']');
  const auto length = inside ? ParseNumber(*inside) : std::nullopt;
  if (!length || *length < 1 || *length > kMaxFixedLength) {
    return std::nullopt;
  }
  return FixedType(*length);
}

bool IsLaterType(std::string_view name) {
  const std::string_view head = name.substr(0, name.find('('));
  for (const std::string_view later : kLaterTypes) {
    if (head == later) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool Type::operator==(const Type& other) const {
  return id == other.id && precision == other.precision && scale == other.scale &&
         length == other.length && children == other.children;
}

Type TypeOf(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

Type DecimalType(int precision, int scale) {
  Type type = TypeOf(TypeId::kDecimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}

Type FixedType(int64_t length) {
  Type type = TypeOf(TypeId::kFixed);
  type.length = length;
  return type;
}

Type StructType(std::vector<Field> fields) {
  Type type = TypeOf(TypeId::kStruct);
  type.children = std::move(fields);
  return type;
}

Type ListType(FieldId element_id, Type element, bool element_required) {
  Type type = TypeOf(TypeId::kList);
  type.children.push_back(
      {element_id, "element", std::move(element), element_required, ""});
  return type;
}

Type MapType(MapPart key, MapPart value, bool value_required) {
  Type type = TypeOf(TypeId::kMap);
  type.children.push_back({key.id, "key", std::move(key.type), /*required=*/true, ""});
  type.children.push_back({value.id, "value", std::move(value.type), value_required, ""});
  return type;
}

Result<Type> ParsePrimitiveType(std::string_view name) {
  for (const NamedType& simple : kSimpleTypes) {
    if (name == simple.name) {
      return TypeOf(simple.id);
    }
  }
  if (auto decimal = ParseDecimal(name)) {
    return *std::move(decimal);
  }
  if (auto fixed = ParseFixed(name)) {
    return *std::move(fixed);
  }
  if (IsLaterType(name)) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("type of format version 3: '{}'", name.substr(0, 64))};
  }
  return Error{ErrorKind::kCorrupt, fmt::format("not a type: '{}'", name.substr(0, 64))};
}

std::string PrimitiveTypeName(const Type& type) {
  if (type.id == TypeId::kDecimal) {
    return fmt::format("decimal({}, {})", type.precision, type.scale);
  }
  if (type.id == TypeId::kFixed) {
    return fmt::format("fixed[{}]", type.length);
  }
  for (const NamedType& simple : kSimpleTypes) {
    if (type.id == simple.id) {
      return std::string(simple.name);
    }
  }
  return "";  // Nested: excluded by the precondition.
}

bool CanPromote(const Type& from, const Type& to) {
  switch (from.id) {
    case TypeId::kInt:
      return to.id == TypeId::kLong;
    case TypeId::kFloat:
      return to.id == TypeId::kDouble;
    case TypeId::kDecimal:
      return to.id == TypeId::kDecimal && to.scale == from.scale &&
             to.precision > from.precision;
    default:
      return false;
  }
}

}  // namespace calve::table
