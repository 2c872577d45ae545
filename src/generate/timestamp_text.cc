#include "generate/timestamp_text.h"

#include <array>

#include <fmt/format.h>

#include "core/time_units.h"

namespace calve::generate {
namespace {

/// Writes `value` with leading zeros so that it ends before `end`.
void WriteDigits(int64_t value, int digits, char* end) {
  for (; digits > 0; --digits) {
    *--end = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

void TimestampText::Append(TimestampUs time, char separator, std::string_view offset,
                           std::string& out) {
  int64_t day = time.value / kMicrosPerDay;
  int64_t micros = time.value % kMicrosPerDay;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --day;
  }
  if (day != day_) {
    const CivilDate date = CivilFromDays(day);
    date_ = fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
    day_ = day;
  }
  std::array<char, 16> clock = {separator, '0', '0', ':', '0', '0', ':', '0',
                                '0',       '.', '0', '0', '0', '0', '0', '0'};
  const int64_t seconds = micros / 1'000'000;
  WriteDigits(seconds / 3600, 2, clock.data() + 3);
  WriteDigits(seconds / 60 % 60, 2, clock.data() + 6);
  WriteDigits(seconds % 60, 2, clock.data() + 9);
  WriteDigits(micros % 1'000'000, 6, clock.data() + 16);
  out += date_;
  out.append(clock.data(), clock.size());
  out += offset;
}

}  // namespace calve::generate
