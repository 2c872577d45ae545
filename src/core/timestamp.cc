#include "core/timestamp.h"

#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "core/time_units.h"

namespace calve {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Reads a timestamp's parts from left to right; each Take* returns nullopt if the text
/// does not go on with such a part.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool Done() const { return rest_.empty(); }

  bool TakeChar(char c) {
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (!rest_.starts_with(word)) {
      return false;
    }
    rest_.remove_prefix(word.size());
    return true;
  }

  /// Takes spaces; says whether there were any.
  bool TakeSpaces() {
    const size_t before = rest_.size();
    while (TakeChar(' ')) {
    }
    return rest_.size() != before;
  }

  std::optional<int64_t> TakeNumber(size_t min_digits, size_t max_digits) {
    size_t digits = 0;
    int64_t value = 0;
    while (digits < max_digits && digits < rest_.size() && IsDigit(rest_[digits])) {
      value = value * 10 + (rest_[digits] - '0');
      ++digits;
    }
    if (digits < min_digits) {
      return std::nullopt;
    }
    rest_.remove_prefix(digits);
    return value;
  }

  /// The decimals of a second, in microseconds; digits past the sixth round half up.
  std::optional<int64_t> TakeFraction() {
    if (rest_.empty() || !IsDigit(rest_.front())) {
      return std::nullopt;
    }
    int64_t micros = 0;
    int64_t unit = kMicrosPerSecond / 10;
    bool round_up = false;
    for (size_t position = 0; !rest_.empty() && IsDigit(rest_.front()); ++position) {
      const int64_t digit = rest_.front() - '0';
      micros += digit * unit;
      unit /= 10;
      if (position == 6) {
        round_up = digit >= 5;
      }
      rest_.remove_prefix(1);
    }
    return micros + (round_up ? 1 : 0);
  }

 private:
  std::string_view rest_;
};

bool IsLeap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

/// Microseconds since midnight; 24:00:00 exactly is allowed.
std::optional<int64_t> TakeTimeOfDay(Reader& reader) {
  const auto hour = reader.TakeNumber(2, 2);
  if (!hour || !reader.TakeChar(':')) {
    return std::nullopt;
  }
  const auto minute = reader.TakeNumber(2, 2);
  if (!minute) {
    return std::nullopt;
  }
  int64_t second = 0;
  int64_t micros = 0;
  if (reader.TakeChar(':')) {
    const auto whole = reader.TakeNumber(2, 2);
    if (!whole) {
      return std::nullopt;
    }
    second = *whole;
    if (reader.TakeChar('.')) {
      const auto fraction = reader.TakeFraction();
      if (!fraction) {
        return std::nullopt;
      }
      micros = *fraction;
    }
  }
  const int64_t total =
      ((*hour * 60 + *minute) * 60 + second) * kMicrosPerSecond + micros;
  if (*minute > 59 || second > 59 || total > kMicrosPerDay) {
    return std::nullopt;
  }
  return total;
}

/// Microseconds that the written local time is ahead of UTC; 0 where nothing is written.
std::optional<int64_t> TakeOffset(Reader& reader) {
  if (reader.TakeChar('Z') || reader.TakeWord("UTC")) {
    return 0;
  }
  const bool ahead = reader.TakeChar('+');
  if (!ahead && !reader.TakeChar('-')) {
    return 0;
  }
  const auto hours = reader.TakeNumber(2, 2);
  if (!hours) {
    return std::nullopt;
  }
  int64_t minutes = 0;
  int64_t seconds = 0;
  if (reader.TakeChar(':')) {
    const auto written = reader.TakeNumber(2, 2);
    if (!written) {
      return std::nullopt;
    }
    minutes = *written;
    if (reader.TakeChar(':')) {
      const auto written_seconds = reader.TakeNumber(2, 2);
      if (!written_seconds) {
        return std::nullopt;
      }
      seconds = *written_seconds;
    }
  } else {
    minutes = reader.TakeNumber(2, 2).value_or(0);
  }
  if (*hours > 15 || minutes > 59 || seconds > 59) {
    return std::nullopt;
  }
  const int64_t offset = ((*hours * 60 + minutes) * 60 + seconds) * kMicrosPerSecond;
  return ahead ? offset : -offset;
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

/// The moment, or nullopt if the text is not in the grammar.
std::optional<TimestampUs> Parse(std::string_view text) {
  Reader reader(text);
  auto year = reader.TakeNumber(4, 6);
  if (!year || !reader.TakeChar('-')) {
    return std::nullopt;
  }
  const auto month = reader.TakeNumber(2, 2);
  if (!month || !reader.TakeChar('-')) {
    return std::nullopt;
  }
  const auto day = reader.TakeNumber(2, 2);
  if (!day) {
    return std::nullopt;
  }
  int64_t time_of_day = 0;
  int64_t offset = 0;
  const bool spaced = reader.TakeSpaces();
  if (reader.TakeChar('T') || (spaced && !reader.Done() && !reader.TakeWord("BC"))) {
    const auto time = TakeTimeOfDay(reader);
    if (!time) {
      return std::nullopt;
    }
    time_of_day = *time;
    reader.TakeSpaces();
    const auto written = TakeOffset(reader);
    if (!written) {
      return std::nullopt;
    }
    offset = *written;
    reader.TakeSpaces();
  }
  if (text.ends_with("BC")) {
    reader.TakeWord("BC");
    year = 1 - *year;
  }
  if (!reader.Done() || *month < 1 || *month > 12 || *day < 1 ||
      *day > DaysInMonth(*year, static_cast<int>(*month))) {
    return std::nullopt;
  }
  const int64_t days =
      DaysFromCivil(*year, static_cast<int>(*month), static_cast<int>(*day));
  int64_t micros = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &micros) ||
      __builtin_add_overflow(micros, time_of_day - offset, &micros)) {
    return std::nullopt;
  }
  return TimestampUs{micros};
}

struct Broken {
  CivilDate date;
  int64_t seconds;  // since midnight
  int64_t micros;   // of the second
};

Broken Break(TimestampUs time) {
  int64_t days = time.value / kMicrosPerDay;
  int64_t rest = time.value % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  return {CivilFromDays(days), rest / kMicrosPerSecond, rest % kMicrosPerSecond};
}

}  // namespace

int64_t DaysFromCivil(int64_t year, int month, int day) {
  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years start in March.
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t shifted_month = (month + 9) % 12;
  const int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
  const int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate CivilFromDays(int64_t days) {
  const int64_t z = days + 719'468;
  const int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const int64_t day_of_era = z - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month =
      static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

Result<TimestampUs> ParseTimestamp(std::string_view text) {
  const auto time = Parse(Trim(text));
  if (!time) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("not a timestamp: '{}'", text.substr(0, 64))};
  }
  return *time;
}

std::string FormatPostgresTimestamp(TimestampUs time) {
  const Broken broken = Break(time);
  const bool before_christ = broken.date.year < 1;
  const int64_t year = before_christ ? 1 - broken.date.year : broken.date.year;
  std::string out = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year,
                                broken.date.month, broken.date.day, broken.seconds / 3600,
                                broken.seconds / 60 % 60, broken.seconds % 60);
  if (broken.micros != 0) {
    out += fmt::format(".{:06}", broken.micros);
    out.erase(out.find_last_not_of('0') + 1);
  }
  out += before_christ ? "+00 BC" : "+00";
  return out;
}

std::string FormatIsoTimestamp(TimestampUs time) {
  const Broken broken = Break(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", broken.date.year,
                     broken.date.month, broken.date.day, broken.seconds / 3600,
                     broken.seconds / 60 % 60, broken.seconds % 60, broken.micros);
}

}  // namespace calve
