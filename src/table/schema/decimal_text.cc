#include "table/schema/decimal_text.h"

#include <algorithm>

namespace calve::table {
namespace {

__extension__ using UInt128 = unsigned __int128;

constexpr size_t kMaxDigits = 38;  // All that fit 128 bits with a sign.

/// Appends digits to a number; false if one is no digit or there are too many.
bool AppendDigits(std::string_view digits, size_t max_digits, UInt128& value,
                  size_t& significant) {
  for (const char c : digits) {
    if (c < '0' || c > '9') {
      return false;
    }
    if (c != '0' || significant > 0) {
      ++significant;
    }
    if (significant > max_digits) {
      return false;
    }
    value = value * 10 + static_cast<UInt128>(c - '0');
  }
  return true;
}

}  // namespace

std::string DecimalToText(Decimal value, int scale) {
  const bool negative = value.unscaled < 0;
  UInt128 rest = static_cast<UInt128>(value.unscaled);
  if (negative) {
    rest = UInt128{0} - rest;
  }
  std::string reversed;
  for (int position = 0; rest != 0 || position <= scale; ++position) {
    if (position == scale && scale > 0) {
      reversed += '.';
    }
    reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (negative) {
    reversed += '-';
  }
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

std::optional<Decimal> DecimalFromText(std::string_view text, int precision, int scale) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string fraction;
  if (point != std::string_view::npos) {
    fraction = text.substr(point + 1);
  }
  if ((whole.empty() && fraction.empty()) ||
      fraction.size() > static_cast<size_t>(scale)) {
    return std::nullopt;
  }
  fraction.resize(static_cast<size_t>(scale), '0');
  const size_t max_digits = std::min(kMaxDigits, static_cast<size_t>(precision));
  UInt128 value = 0;
  size_t significant = 0;
  if (!AppendDigits(whole, max_digits, value, significant) ||
      !AppendDigits(fraction, max_digits, value, significant)) {
    return std::nullopt;
  }
  const auto unscaled = static_cast<Int128>(value);
  return Decimal{negative ? -unscaled : unscaled};
}

std::string DecimalToBytes(Decimal value) {
  std::string bytes;
  Int128 rest = value.unscaled;
  bool negative_so_far = false;
  do {
    bytes += static_cast<char>(rest & 0xFF);
    negative_so_far = (rest & 0x80) != 0;
    rest >>= 8;
  } while (rest != (negative_so_far ? -1 : 0));
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

std::optional<Decimal> DecimalFromBytes(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > sizeof(Int128)) {
    return std::nullopt;
  }
  UInt128 value = (bytes[0] & 0x80) != 0 ? ~UInt128{0} : UInt128{0};
  for (const char c : bytes) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return Decimal{static_cast<Int128>(value)};
}

}  // namespace calve::table
