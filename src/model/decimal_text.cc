#include <algorithm>
#include <charconv>

#include "model/decimal_text_internal.h"
#include "model/digit_internal.h"

namespace calve::model {
namespace {

/// Exponents beyond are as good as this: no type holds their numbers but zero.
constexpr int64_t kMaxExponent = 1'000'000'000;

size_t CountDigits(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
  return static_cast<size_t>(end - text.begin());
}

/// The exponent that `text`, `e…` or nothing, says; nullopt for any other text.
std::optional<int64_t> ParseExponent(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  if (text.front() != 'e' && text.front() != 'E') {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text.empty() || CountDigits(text) != text.size()) {
    return std::nullopt;
  }
  int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  value = result.ec == std::errc() ? std::min(value, kMaxExponent) : kMaxExponent;
  return negative ? -value : value;
}

/// Ten to the power of `exponent`, at most 38.
Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) {
    power *= 10;
  }
  return power;
}

}  // namespace

std::optional<DecimalText> ParseDecimalText(std::string_view text) {
  const size_t whole = CountDigits(text);
  size_t end = whole;
  if (end < text.size() && text[end] == '.') {
    end += 1 + CountDigits(text.substr(end + 1));
  }
  const bool has_digit = whole > 0 || end > 1;
  const auto exponent = ParseExponent(text.substr(end));
  if (!has_digit || !exponent) {
    return std::nullopt;
  }
  DecimalText number{text.substr(0, end), static_cast<int64_t>(whole) + *exponent};
  while (!number.digits.empty() &&
         (number.digits.front() == '0' || number.digits.front() == '.')) {
    number.point -= number.digits.front() == '0' ? 1 : 0;
    number.digits.remove_prefix(1);
  }
  return number;
}

std::optional<Int128> RoundToScale(const DecimalText& number, int precision, int scale) {
  if (number.digits.empty()) {
    return Int128{0};
  }
  int64_t wanted = number.point + scale;  // digits before the cut
  if (wanted > precision) {
    return std::nullopt;
  }
  Int128 value = 0;
  bool round_up = false;
  for (const char c : number.digits) {
    if (c == '.') {
      continue;
    }
    if (wanted <= 0) {
      round_up = wanted == 0 && c >= '5';
      break;
    }
    value = value * 10 + (c - '0');
    --wanted;
  }
  if (wanted > 0) {
    value *= PowerOfTen(static_cast<int>(wanted));
  }
  value += round_up ? 1 : 0;
  return value < PowerOfTen(precision) ? std::optional(value) : std::nullopt;
}

}  // namespace calve::model
