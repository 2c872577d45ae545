#include "table/schema/temporal_text.h"

#include <limits>

#include <fmt/format.h>

#include "core/time_units.h"
#include "core/timestamp.h"
#include "table/schema/floor_division.h"

namespace calve::table {
namespace {

constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;

/// A whole number of `min` to `max` digits and nothing else.
std::optional<int64_t> Digits(std::string_view text, size_t min, size_t max) {
  if (text.size() < min || text.size() > max) {
    return std::nullopt;
  }
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

/// The decimals of a second, in microseconds.
std::optional<int64_t> Fraction(std::string_view text) {
  while (text.size() > 6 && text.ends_with('0')) {
    text.remove_suffix(1);
  }
  const auto digits = Digits(text, 1, 6);
  if (!digits) {
    return std::nullopt;
  }
  int64_t micros = *digits;
  for (size_t i = text.size(); i < 6; ++i) {
    micros *= 10;
  }
  return micros;
}

/// `HH:MM` in microseconds.
std::optional<int64_t> HoursAndMinutes(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') {
    return std::nullopt;
  }
  const auto hours = Digits(text.substr(0, 2), 2, 2);
  const auto minutes = Digits(text.substr(3), 2, 2);
  if (!hours || *hours > 23 || !minutes || *minutes > 59) {
    return std::nullopt;
  }
  return (*hours * 60 + *minutes) * kMicrosPerMinute;
}

/// Days since the epoch of a date whose year may have a sign and up to six digits.
std::optional<int64_t> Days(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.size() != dash + 6 ||
      text[dash + 3] != '-') {
    return std::nullopt;
  }
  const auto year = Digits(text.substr(0, dash), 4, 7);
  const auto month = Digits(text.substr(dash + 1, 2), 2, 2);
  const auto day = Digits(text.substr(dash + 4), 2, 2);
  if (!year || !month || *month < 1 || *month > 12 || !day || *day < 1) {
    return std::nullopt;
  }
  const int64_t signed_year = negative ? -*year : *year;
  const int64_t days =
      DaysFromCivil(signed_year, static_cast<int>(*month), static_cast<int>(*day));
  // A day that the month lacks comes back as one of the next month.
  return CivilFromDays(days).day == *day ? std::optional(days) : std::nullopt;
}

std::string DaysToText(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  if (date.year >= 0 && date.year <= 9999) {
    return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
  }
  return fmt::format("{:+05}-{:02}-{:02}", date.year, date.month, date.day);
}

struct SplitOffset {
  std::string_view local;
  int64_t offset_micros;  // local time is ahead of UTC by this
};

std::optional<SplitOffset> TakeOffset(std::string_view text) {
  if (text.ends_with('Z')) {
    return SplitOffset{text.substr(0, text.size() - 1), 0};
  }
  if (text.size() < 6) {
    return std::nullopt;
  }
  const std::string_view offset = text.substr(text.size() - 6);
  const auto micros = HoursAndMinutes(offset.substr(1));
  if (!micros || (offset[0] != '+' && offset[0] != '-')) {
    return std::nullopt;
  }
  return SplitOffset{text.substr(0, text.size() - 6),
                     offset[0] == '+' ? *micros : -*micros};
}

}  // namespace

std::string DateToText(int32_t days) {
  return DaysToText(days);
}

std::optional<int32_t> DateFromText(std::string_view text) {
  const auto days = Days(text);
  if (!days || *days < std::numeric_limits<int32_t>::min() ||
      *days > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int32_t>(*days);
}

std::string TimeToText(int64_t micros, Decimals decimals) {
  const int64_t seconds = micros / kMicrosPerSecond;
  const int64_t fraction = micros % kMicrosPerSecond;
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (decimals == Decimals::kSix || fraction != 0) {
    text += fmt::format(".{:06}", fraction);
  }
  return text;
}

std::optional<int64_t> TimeFromText(std::string_view text) {
  const auto minutes = HoursAndMinutes(text.substr(0, 5));
  if (!minutes || text.size() == 5) {
    return minutes;
  }
  const auto seconds =
      text.size() >= 8 && text[5] == ':' ? Digits(text.substr(6, 2), 2, 2) : std::nullopt;
  if (!seconds || *seconds > 59) {
    return std::nullopt;
  }
  const int64_t whole = *minutes + *seconds * kMicrosPerSecond;
  if (text.size() == 8) {
    return whole;
  }
  const auto fraction = text[8] == '.' ? Fraction(text.substr(9)) : std::nullopt;
  return fraction ? std::optional(whole + *fraction) : std::nullopt;
}

std::string TimestampToText(int64_t micros, Decimals decimals) {
  return DaysToText(FloorDivide(micros, kMicrosPerDay)) + "T" +
         TimeToText(FloorModulo(micros, kMicrosPerDay), decimals);
}

std::optional<int64_t> TimestampFromText(std::string_view text) {
  const size_t separator = text.find('T');
  if (separator == std::string_view::npos) {
    return std::nullopt;
  }
  const auto days = Days(text.substr(0, separator));
  const auto time = TimeFromText(text.substr(separator + 1));
  if (!days || !time) {
    return std::nullopt;
  }
  // From the end of the day for dates before 1970: the earliest moment's midnight is out
  // of range.
  const bool early = *days < 0;
  int64_t micros = 0;
  if (__builtin_mul_overflow(early ? *days + 1 : *days, kMicrosPerDay, &micros) ||
      __builtin_add_overflow(micros, early ? *time - kMicrosPerDay : *time, &micros)) {
    return std::nullopt;
  }
  return micros;
}

std::string TimestamptzToText(int64_t micros, Decimals decimals) {
  return TimestampToText(micros, decimals) + "+00:00";
}

std::optional<int64_t> TimestamptzFromText(std::string_view text) {
  const auto split = TakeOffset(text);
  const auto local = split ? TimestampFromText(split->local) : std::nullopt;
  int64_t micros = 0;
  if (!local || __builtin_sub_overflow(*local, split->offset_micros, &micros)) {
    return std::nullopt;
  }
  return micros;
}

}  // namespace calve::table
