#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/schema/decimal_text.h"
#include "table/schema/literal.h"
#include "table/schema/literal_access.h"
#include "table/schema/literal_text.h"
#include "table/schema/temporal_text.h"

namespace calve::table {
namespace {

using nlohmann::json;

json NumberToJson(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

std::optional<Literal> IntegerFromJson(const Type& type, const json& value) {
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() &&
       value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()})) {
    return std::nullopt;
  }
  const auto number = value.get<int64_t>();
  if (type.id == TypeId::kLong) {
    return Literal(number);
  }
  if (number < std::numeric_limits<int32_t>::min() ||
      number > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return Literal(static_cast<int32_t>(number));
}

std::optional<Literal> FloatFromJson(const Type& type, const json& value) {
  if (!value.is_number()) {
    return std::nullopt;
  }
  const auto number = value.get<double>();
  if (type.id == TypeId::kDouble) {
    return Literal(number);
  }
  const auto narrow = static_cast<float>(number);
  return std::isfinite(narrow) ? std::optional<Literal>(narrow) : std::nullopt;
}

template <typename T>
std::optional<Literal> ToLiteral(std::optional<T> value) {
  return value ? std::optional<Literal>(*std::move(value)) : std::nullopt;
}

std::optional<Literal> FixedFromText(const Type& type, std::string_view text) {
  auto bytes = BytesFromHex(text);
  if (bytes && type.id == TypeId::kFixed &&
      std::cmp_not_equal(bytes->size(), type.length)) {
    return std::nullopt;
  }
  return ToLiteral(std::move(bytes));
}

std::optional<Literal> FromText(const Type& type, const std::string& text) {
  switch (type.id) {
    case TypeId::kDecimal:
      return ToLiteral(DecimalFromText(text, type.precision, type.scale));
    case TypeId::kDate:
      return ToLiteral(DateFromText(text));
    case TypeId::kTime:
      return ToLiteral(TimeFromText(text));
    case TypeId::kTimestamp:
      return ToLiteral(TimestampFromText(text));
    case TypeId::kTimestamptz:
      return ToLiteral(TimestamptzFromText(text));
    case TypeId::kString:
      return Literal(text);
    case TypeId::kUuid:
      return ToLiteral(UuidFromText(text));
    case TypeId::kFixed:
    case TypeId::kBinary:
      return FixedFromText(type, text);
    default:
      return std::nullopt;
  }
}

std::optional<Literal> FromJson(const Type& type, const json& value) {
  switch (type.id) {
    case TypeId::kBoolean:
      return value.is_boolean() ? std::optional<Literal>(value.get<bool>())
                                : std::nullopt;
    case TypeId::kInt:
    case TypeId::kLong:
      return IntegerFromJson(type, value);
    case TypeId::kFloat:
    case TypeId::kDouble:
      return FloatFromJson(type, value);
    default:
      return value.is_string() ? FromText(type, value.get_ref<const std::string&>())
                               : std::nullopt;
  }
}

}  // namespace

json LiteralToJson(const Type& type, const Literal& value) {
  switch (type.id) {
    case TypeId::kBoolean:
      return As<bool>(value);
    case TypeId::kInt:
      return As<int32_t>(value);
    case TypeId::kLong:
      return As<int64_t>(value);
    case TypeId::kFloat:
      return NumberToJson(static_cast<double>(As<float>(value)));
    case TypeId::kDouble:
      return NumberToJson(As<double>(value));
    case TypeId::kTime:
      return TimeToText(As<int64_t>(value), Decimals::kSix);
    case TypeId::kTimestamp:
      return TimestampToText(As<int64_t>(value), Decimals::kSix);
    case TypeId::kTimestamptz:
      return TimestamptzToText(As<int64_t>(value), Decimals::kSix);
    case TypeId::kFixed:
    case TypeId::kBinary:
      return BytesToHex(As<std::string>(value));
    default:  // Date, decimal, string, uuid: as people read them.
      return LiteralToText(type, value);
  }
}

Result<Literal> LiteralFromJson(const Type& type, const json& json) {
  if (type.is_nested()) {
    return Error{ErrorKind::kCorrupt, "a nested type has no single values"};
  }
  auto value = FromJson(type, json);
  if (!value) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("not a value of type {}", PrimitiveTypeName(type))};
  }
  return *std::move(value);
}

}  // namespace calve::table
