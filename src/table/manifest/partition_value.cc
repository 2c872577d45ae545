#include "table/manifest/partition_value.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "table/manifest/manifest_schema.h"
#include "table/schema/decimal_text.h"

namespace calve::table {
namespace {

constexpr size_t kUuidBytes = 16;
constexpr unsigned kByteBits = 8;
constexpr unsigned kByteMask = 0xff;

/// Two's complement, big-endian.
std::string DecimalBytes(const Type& type, const Decimal& value) {
  std::string bytes(static_cast<size_t>(DecimalSizeBytes(type.precision)), '\0');
  Int128 rest = value.unscaled;
  for (size_t i = bytes.size(); i > 0; --i) {
    bytes[i - 1] = static_cast<char>(static_cast<unsigned>(rest & kByteMask));
    rest >>= kByteBits;
  }
  return bytes;
}

Result<Literal> ParseDecimal(std::string_view bytes) {
  const auto value = DecimalFromBytes(bytes);
  if (!value) {
    return Error{ErrorKind::kCorrupt, fmt::format("a decimal of {} bytes", bytes.size())};
  }
  return Literal(*value);
}

/// Reads a value of C++ type T that may be null.
template <typename T>
Result<std::optional<Literal>> ReadAs(avro::TypeRef written, avro::ValueReader& values) {
  std::optional<T> value;
  CALVE_TRY(values.Read(written, value));
  if (!value.has_value()) {
    return std::optional<Literal>();
  }
  return std::optional<Literal>(Literal(*std::move(value)));
}

Result<std::optional<Literal>> ReadDecimal(avro::TypeRef written,
                                           avro::ValueReader& values) {
  std::optional<std::string> bytes;
  CALVE_TRY(values.Read(written, bytes));
  if (!bytes.has_value()) {
    return std::optional<Literal>();
  }
  CALVE_ASSIGN(Literal value, ParseDecimal(*bytes));
  return std::optional<Literal>(std::move(value));
}

Result<std::optional<Literal>> ReadBytes(const Type& type, avro::TypeRef written,
                                         avro::ValueReader& values) {
  CALVE_ASSIGN(std::optional<Literal> value, ReadAs<std::string>(written, values));
  if (value.has_value() && !FitsExactly(type, *value)) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("{} bytes for a {}", std::get<std::string>(*value).size(),
                             PrimitiveTypeName(type))};
  }
  return value;
}

bool FitsPrecision(const Type& type, const Decimal& value) {
  Int128 limit = 1;
  for (int i = 0; i < type.precision; ++i) {
    limit *= 10;
  }
  return -limit < value.unscaled && value.unscaled < limit;
}

}  // namespace

bool FitsExactly(const Type& type, const Literal& value) {
  if (!Fits(type, value)) {
    return false;
  }
  switch (type.id) {
    case TypeId::kDecimal:
      return FitsPrecision(type, std::get<Decimal>(value));
    case TypeId::kUuid:
      return std::get<std::string>(value).size() == kUuidBytes;
    case TypeId::kFixed:
      return std::get<std::string>(value).size() == static_cast<size_t>(type.length);
    default:
      return true;
  }
}

void EncodePartitionValue(const Type& type, const std::optional<Literal>& value,
                          avro::Encoder& encoder) {
  encoder.WriteIsPresent(value.has_value());
  if (!value.has_value()) {
    return;
  }
  const bool sized = type.id == TypeId::kUuid || type.id == TypeId::kFixed;
  if (const auto* flag = std::get_if<bool>(&*value)) {
    encoder.WriteBoolean(*flag);
  } else if (const auto* narrow = std::get_if<int32_t>(&*value)) {
    encoder.WriteInt(*narrow);
  } else if (const auto* wide = std::get_if<int64_t>(&*value)) {
    encoder.WriteLong(*wide);
  } else if (const auto* single = std::get_if<float>(&*value)) {
    encoder.WriteFloat(*single);
  } else if (const auto* real = std::get_if<double>(&*value)) {
    encoder.WriteDouble(*real);
  } else if (const auto* decimal = std::get_if<Decimal>(&*value)) {
    encoder.WriteFixed(DecimalBytes(type, *decimal));
  } else if (sized) {
    encoder.WriteFixed(std::get<std::string>(*value));
  } else {
    encoder.WriteBytes(std::get<std::string>(*value));
  }
}

Result<std::optional<Literal>> ReadPartitionValue(const Type& type, avro::TypeRef written,
                                                  avro::ValueReader& values) {
  switch (type.id) {
    case TypeId::kBoolean:
      return ReadAs<bool>(written, values);
    case TypeId::kInt:
    case TypeId::kDate:
      return ReadAs<int32_t>(written, values);
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return ReadAs<int64_t>(written, values);
    case TypeId::kFloat:
      return ReadAs<float>(written, values);
    case TypeId::kDouble:
      return ReadAs<double>(written, values);
    case TypeId::kDecimal:
      return ReadDecimal(written, values);
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kUuid:
    case TypeId::kFixed:
      return ReadBytes(type, written, values);
    default:
      return Error{ErrorKind::kUnsupported, "a nested partition value"};
  }
}

}  // namespace calve::table
