#include "core/far_timestamp.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "core/time_units.h"

namespace calve {
namespace {

constexpr int64_t kEpochMicros = 946'684'800'000'000;    // from 1970 to 2000
constexpr int64_t kEarliest = -210'866'803'200'000'000;  // 4714-11-24 BC
constexpr std::string_view kInfinity = "infinity";
constexpr std::string_view kMinusInfinity = "-infinity";
constexpr int64_t kFirstFarYear = 294'246;  // in January
constexpr int64_t kLastYear = 294'276;
// A multiple of the calendar's 400 years.
constexpr int64_t kYearsToParse = 293'600;
constexpr size_t kYearDigits = 6;
constexpr size_t kDateBytes = 10;

int64_t ToPostgres(TimestampUs time) {
  return static_cast<int64_t>(static_cast<uint64_t>(time.value) -
                              static_cast<uint64_t>(kEpochMicros));
}

}  // namespace

TimestampUs FromPostgresTimestamp(int64_t micros_since_2000) {
  return {static_cast<int64_t>(static_cast<uint64_t>(micros_since_2000) +
                               static_cast<uint64_t>(kEpochMicros))};
}

bool IsFarTimestamp(TimestampUs time) {
  return time.value < kEarliest;
}

std::string FarTimestampText(TimestampUs time) {
  const int64_t micros = ToPostgres(time);
  if (micros == std::numeric_limits<int64_t>::max()) {
    return std::string(kInfinity);
  }
  if (micros == std::numeric_limits<int64_t>::min()) {
    return std::string(kMinusInfinity);
  }
  // Past 2000, so the parts of both sums are positive.
  const int64_t to_1970 = kEpochMicros / kMicrosPerDay;
  const CivilDate date = CivilFromDays(micros / kMicrosPerDay + to_1970);
  const std::string time_of_day =
      FormatPostgresTimestamp({micros % kMicrosPerDay}).substr(kDateBytes);
  return fmt::format("{}-{:02}-{:02}{}", date.year, date.month, date.day, time_of_day);
}

bool IsFarTimestampText(std::string_view text) {
  if (text == kInfinity || text == kMinusInfinity) {
    return true;
  }
  int64_t year = 0;
  const char* begin = text.data();
  const char* end = begin + std::min(text.size(), kYearDigits);
  const auto [stop, error] = std::from_chars(begin, end, year);
  if (error != std::errc() || stop != begin + kYearDigits || year < kFirstFarYear ||
      year > kLastYear || text.ends_with("BC")) {
    return false;
  }
  return ParseTimestamp(
             fmt::format("{:04}{}", year - kYearsToParse, text.substr(kYearDigits)))
      .has_value();
}

}  // namespace calve
