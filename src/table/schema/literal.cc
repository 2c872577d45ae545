#include "table/schema/literal.h"

#include <cassert>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "table/schema/decimal_text.h"
#include "table/schema/literal_access.h"

namespace calve::table {
namespace {

constexpr size_t kUuidBytes = 16;

// Iceberg's bytes are little-endian, and so is every machine that Calve is built for.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

template <typename T>
std::string ToBytes(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

/// Requires: as many bytes as T has.
template <typename T>
T FromBytes(std::string_view bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

Error WrongSize(const Type& type, std::string_view bytes) {
  return {
      ErrorKind::kCorrupt,
      fmt::format("value of type {} has {} bytes",
                  type.is_nested() ? "nested" : PrimitiveTypeName(type), bytes.size())};
}

/// Decodes a number of exactly T's size, or of the narrower type it was promoted from.
template <typename T, typename Narrower>
Result<Literal> DecodeNumber(const Type& type, std::string_view bytes) {
  if (bytes.size() == sizeof(T)) {
    return Literal(FromBytes<T>(bytes));
  }
  if (bytes.size() == sizeof(Narrower)) {
    return Literal(static_cast<T>(FromBytes<Narrower>(bytes)));
  }
  return WrongSize(type, bytes);
}

template <typename T>
Result<Literal> DecodeNumber(const Type& type, std::string_view bytes) {
  return DecodeNumber<T, T>(type, bytes);
}

Result<Literal> DecodeBytes(const Type& type, std::string_view bytes) {
  const bool wrong =
      (type.id == TypeId::kUuid && bytes.size() != kUuidBytes) ||
      (type.id == TypeId::kFixed && std::cmp_greater(bytes.size(), type.length));
  if (wrong) {
    return WrongSize(type, bytes);
  }
  return Literal(std::string(bytes));
}

Result<Literal> DecodeDecimal(const Type& type, std::string_view bytes) {
  const auto value = DecimalFromBytes(bytes);
  if (!value) {
    return WrongSize(type, bytes);
  }
  return Literal(*value);
}

template <typename T>
std::strong_ordering CompareAs(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::strong_order(a, b);
  } else {
    return a <=> b;
  }
}

}  // namespace

std::strong_ordering Compare(const Literal& a, const Literal& b) {
  assert(a.index() == b.index());
  if (a.index() != b.index()) {
    return a.index() <=> b.index();
  }
  return std::visit(
      [&](const auto& left) {
        using T = std::remove_cvref_t<decltype(left)>;
        return CompareAs<T>(left, *std::get_if<T>(&b));
      },
      a);
}

bool Fits(const Type& type, const Literal& value) {
  switch (type.id) {
    case TypeId::kBoolean:
      return std::holds_alternative<bool>(value);
    case TypeId::kInt:
    case TypeId::kDate:
      return std::holds_alternative<int32_t>(value);
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return std::holds_alternative<int64_t>(value);
    case TypeId::kFloat:
      return std::holds_alternative<float>(value);
    case TypeId::kDouble:
      return std::holds_alternative<double>(value);
    case TypeId::kDecimal:
      return std::holds_alternative<Decimal>(value);
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
      return std::holds_alternative<std::string>(value);
    default:
      return false;
  }
}

std::string EncodeLiteral(const Type& type, const Literal& value) {
  switch (type.id) {
    case TypeId::kBoolean:
      return ToBytes<char>(As<bool>(value) ? 1 : 0);
    case TypeId::kInt:
    case TypeId::kDate:
      return ToBytes(As<int32_t>(value));
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return ToBytes(As<int64_t>(value));
    case TypeId::kFloat:
      return ToBytes(As<float>(value));
    case TypeId::kDouble:
      return ToBytes(As<double>(value));
    case TypeId::kDecimal:
      return DecimalToBytes(As<Decimal>(value));
    default:
      return As<std::string>(value);
  }
}

Result<Literal> DecodeLiteral(const Type& type, std::string_view bytes) {
  switch (type.id) {
    case TypeId::kBoolean:
      return bytes.size() == 1 ? Result<Literal>(Literal(bytes[0] != 0))
                               : Result<Literal>(WrongSize(type, bytes));
    case TypeId::kInt:
    case TypeId::kDate:
      return DecodeNumber<int32_t>(type, bytes);
    case TypeId::kLong:
      return DecodeNumber<int64_t, int32_t>(type, bytes);
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return DecodeNumber<int64_t>(type, bytes);
    case TypeId::kFloat:
      return DecodeNumber<float>(type, bytes);
    case TypeId::kDouble:
      return DecodeNumber<double, float>(type, bytes);
    case TypeId::kDecimal:
      return DecodeDecimal(type, bytes);
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
      return DecodeBytes(type, bytes);
    default:
      return Error{ErrorKind::kCorrupt, "a nested type has no single values"};
  }
}

}  // namespace calve::table
