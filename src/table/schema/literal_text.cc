#include "table/schema/literal_text.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "core/base64.h"
#include "table/schema/decimal_text.h"
#include "table/schema/literal.h"
#include "table/schema/literal_access.h"
#include "table/schema/temporal_text.h"

namespace calve::table {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

/// Byte offsets that a UUID's text has a dash before.
constexpr std::array<size_t, 4> kUuidDashes = {4, 6, 8, 10};

std::optional<unsigned> HexValue(char c) {
  const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  const size_t value = kHexDigits.find(lower);
  return value == std::string_view::npos ? std::nullopt
                                         : std::optional(static_cast<unsigned>(value));
}

/// The shortest text that reads back as the same number, with a point or an exponent.
template <typename T>
std::string FloatToText(T value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) {
    text += ".0";
  }
  return text;
}

}  // namespace

std::string BytesToHex(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0xF];
  }
  return text;
}

std::optional<std::string> BytesFromHex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const auto high = HexValue(text[i]);
    const auto low = HexValue(text[i + 1]);
    if (!high || !low) {
      return std::nullopt;
    }
    bytes += static_cast<char>(*high << 4 | *low);
  }
  return bytes;
}

std::string UuidToText(std::string_view bytes) {
  std::string text = BytesToHex(bytes);
  // From the back, so that offsets before it stay true.
  for (auto dash = kUuidDashes.rbegin(); dash != kUuidDashes.rend(); ++dash) {
    if (2 * *dash <= text.size()) {
      text.insert(2 * *dash, 1, '-');
    }
  }
  return text;
}

std::optional<std::string> UuidFromText(std::string_view text) {
  std::string digits(text);
  if (digits.size() != 36) {
    return std::nullopt;
  }
  for (const size_t dash : kUuidDashes) {
    if (digits[2 * dash] != '-') {
      return std::nullopt;
    }
    digits.erase(2 * dash, 1);
  }
  return BytesFromHex(digits);
}

std::string LiteralToText(const Type& type, const Literal& value) {
  switch (type.id) {
    case TypeId::kBoolean:
      return As<bool>(value) ? "true" : "false";
    case TypeId::kInt:
      return std::to_string(As<int32_t>(value));
    case TypeId::kLong:
      return std::to_string(As<int64_t>(value));
    case TypeId::kFloat:
      return FloatToText(As<float>(value));
    case TypeId::kDouble:
      return FloatToText(As<double>(value));
    case TypeId::kDecimal:
      return DecimalToText(As<Decimal>(value), type.scale);
    case TypeId::kDate:
      return DateToText(As<int32_t>(value));
    case TypeId::kTime:
      return TimeToText(As<int64_t>(value), Decimals::kSixUnlessZero);
    case TypeId::kTimestamp:
      return TimestampToText(As<int64_t>(value), Decimals::kSixUnlessZero);
    case TypeId::kTimestamptz:
      return TimestamptzToText(As<int64_t>(value), Decimals::kSixUnlessZero);
    case TypeId::kUuid:
      return UuidToText(As<std::string>(value));
    case TypeId::kFixed:
    case TypeId::kBinary:
      return BytesToBase64(As<std::string>(value));
    default:
      return As<std::string>(value);
  }
}

}  // namespace calve::table
