#pragma once

/// \file core/timestamp.h
/// Moments in time: microseconds since the Unix epoch, UTC, and their texts.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace calve {

/// Microseconds since the Unix epoch, UTC.
struct TimestampUs {
  int64_t value = 0;
  auto operator<=>(const TimestampUs&) const = default;
};

/// Parses a timestamp as PostgreSQL or ISO 8601 writes it.
///
/// Accepts `YYYY-MM-DD`, then optionally `T` or spaces and `HH:MM[:SS[.f…]]`, then
/// optionally spaces and an offset: `Z`, `UTC`, `±HH`, `±HHMM`, `±HH:MM[:SS]`, then
/// optionally ` BC`. Without an offset it is UTC. More than six decimals round half up.
/// Years have four to six digits; `24:00:00` is the next midnight, as in PostgreSQL.
/// Leading and trailing spaces are ignored.
///
/// \return the moment, or kInvalidArgument: not in this grammar (`infinity` is not), no
/// such
///         date or time (a second of 60 is none), or outside 64 bits of microseconds
Result<TimestampUs> ParseTimestamp(std::string_view text);

/// Formats as `2024-01-31 23:59:59.123456+00` (PostgreSQL's text in UTC): no fraction
/// where it is zero, no trailing zeros in it, ` BC` for years before 1.
std::string FormatPostgresTimestamp(TimestampUs time);

/// Formats as `2024-01-31T23:59:59.123456Z`, always six decimals.
std::string FormatIsoTimestamp(TimestampUs time);

/// Days since the Unix epoch of a proleptic Gregorian date; month 1-12, day 1-31.
int64_t DaysFromCivil(int64_t year, int month, int day);

struct CivilDate {
  int64_t year;
  int month;  // 1-12
  int day;    // 1-31
};

/// The proleptic Gregorian date of `days` since the Unix epoch.
CivilDate CivilFromDays(int64_t days);

}  // namespace calve
