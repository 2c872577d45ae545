#include <algorithm>
#include <charconv>
#include <limits>

#include "core/timestamp.h"
#include "model/cast_internal.h"
#include "model/decimal_text_internal.h"
#include "model/digit_internal.h"

namespace calve::model {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) {
                      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
                    });
}

template <typename T>
std::optional<T> CastWhole(std::string_view text) {
  text = Trimmed(text);
  if (text.starts_with('+') && text.size() > 1 && IsDigit(text[1])) {
    text.remove_prefix(1);
  }
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

template <typename T>
std::optional<T> CastFloating(std::string_view text) {
  text = Trimmed(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  T magnitude = 0;
  if (text == "NaN") {
    magnitude = std::numeric_limits<T>::quiet_NaN();
  } else if (text == "Infinity") {
    magnitude = std::numeric_limits<T>::infinity();
  } else {
    const auto number = ParseDecimalText(text);
    if (!number) {
      return std::nullopt;
    }
    const auto result =
        std::from_chars(text.data(), text.data() + text.size(), magnitude);
    if (result.ec == std::errc::result_out_of_range) {
      if (number->point > 0) {
        return std::nullopt;  // Larger than the largest.
      }
      magnitude = 0;
    }
  }
  return negative ? -magnitude : magnitude;
}

/// Reads digits at fixed places; any wrong one spoils the sum for good.
class FixedDigits {
 public:
  explicit FixedDigits(std::string_view text) : text_(text) {}

  int64_t At(size_t begin, size_t length) {
    int64_t value = 0;
    for (size_t i = begin; i < begin + length; ++i) {
      const int digit = text_[i] - '0';
      wrong_ = wrong_ || digit < 0 || digit > 9;
      value = value * 10 + digit;
    }
    return value;
  }
  void Expect(size_t at, char c) { wrong_ = wrong_ || text_[at] != c; }
  bool wrong() const { return wrong_; }

 private:
  std::string_view text_;
  bool wrong_ = false;
};

/// The fraction at the front of `rest` in microseconds, taken off it; 0 if there is none,
/// nullopt if it has more digits than six.
std::optional<int64_t> TakeMicros(std::string_view& rest) {
  if (!rest.starts_with('.')) {
    return 0;
  }
  rest.remove_prefix(1);
  int64_t micros = 0;
  size_t digits = 0;
  while (digits < rest.size() && IsDigit(rest[digits])) {
    if (digits == 6) {
      return std::nullopt;
    }
    micros = micros * 10 + (rest[digits] - '0');
    ++digits;
  }
  for (size_t i = digits; i < 6; ++i) {
    micros *= 10;
  }
  rest.remove_prefix(digits);
  return digits == 0 ? std::nullopt : std::optional(micros);
}

/// `YYYY-MM-DD HH:MM:SS` with a space or `T`, a fraction, and UTC or no offset: what
/// sources write nearly always. Anything else, wrong or not, is left to ParseTimestamp.
std::optional<int64_t> CastCommonTimestamp(std::string_view text) {
  constexpr size_t kSeconds = 19;
  if (text.size() < kSeconds || (text[10] != ' ' && text[10] != 'T')) {
    return std::nullopt;
  }
  FixedDigits digits(text);
  const int64_t year = digits.At(0, 4);
  const int64_t month = digits.At(5, 2);
  const int64_t day = digits.At(8, 2);
  const int64_t hour = digits.At(11, 2);
  const int64_t minute = digits.At(14, 2);
  const int64_t second = digits.At(17, 2);
  digits.Expect(4, '-');
  digits.Expect(7, '-');
  digits.Expect(13, ':');
  digits.Expect(16, ':');
  std::string_view rest = text.substr(kSeconds);
  const auto micros = TakeMicros(rest);
  const bool utc = rest.empty() || rest == "Z" || rest == "+00" || rest == "+00:00";
  if (digits.wrong() || !micros || !utc || month < 1 || month > 12 || day < 1 ||
      day > 28 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const int64_t days =
      DaysFromCivil(year, static_cast<int>(month), static_cast<int>(day));
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000 + *micros;
}

}  // namespace

std::optional<bool> CastBoolean(std::string_view text) {
  text = Trimmed(text);
  if (text == "1" || EqualsIgnoringCase(text, "t") || EqualsIgnoringCase(text, "true")) {
    return true;
  }
  if (text == "0" || EqualsIgnoringCase(text, "f") || EqualsIgnoringCase(text, "false")) {
    return false;
  }
  return std::nullopt;
}

std::optional<int32_t> CastInteger(std::string_view text) {
  return CastWhole<int32_t>(text);
}

std::optional<int64_t> CastBigint(std::string_view text) {
  return CastWhole<int64_t>(text);
}

std::optional<float> CastReal(std::string_view text) {
  return CastFloating<float>(text);
}

std::optional<double> CastDouble(std::string_view text) {
  return CastFloating<double>(text);
}

std::optional<Int128> CastDecimal(std::string_view text, int precision, int scale) {
  text = Trimmed(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const auto number = ParseDecimalText(text);
  if (!number) {
    return std::nullopt;
  }
  const auto magnitude = RoundToScale(*number, precision, scale);
  return magnitude && negative ? std::optional(-*magnitude) : magnitude;
}

std::optional<int32_t> CastDate(std::string_view text) {
  text = Trimmed(text);
  const size_t first = text.find('-');
  const size_t second =
      first == std::string_view::npos ? first : text.find('-', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  int64_t parts[3] = {};
  const std::string_view texts[3] = {text.substr(0, first),
                                     text.substr(first + 1, second - first - 1),
                                     text.substr(second + 1)};
  constexpr size_t kMinDigits[3] = {4, 1, 1};
  constexpr size_t kMaxDigits[3] = {6, 2, 2};
  for (size_t i = 0; i < 3; ++i) {
    const auto number = CastBigint(texts[i]);
    const bool digits = std::all_of(texts[i].begin(), texts[i].end(), IsDigit);
    if (!number || !digits || texts[i].size() < kMinDigits[i] ||
        texts[i].size() > kMaxDigits[i]) {
      return std::nullopt;
    }
    parts[i] = *number;
  }
  if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31) {
    return std::nullopt;
  }
  const int64_t days =
      DaysFromCivil(parts[0], static_cast<int>(parts[1]), static_cast<int>(parts[2]));
  const bool exists = CivilFromDays(days).day == parts[2];
  return exists ? std::optional(static_cast<int32_t>(days)) : std::nullopt;
}

std::optional<int64_t> CastTimestamp(std::string_view text) {
  if (const auto common = CastCommonTimestamp(text)) {
    return common;
  }
  const Result<TimestampUs> time = ParseTimestamp(text);
  return time ? std::optional(time->value) : std::nullopt;
}

}  // namespace calve::model
