#pragma once

/// \file table/schema/temporal_text.h
/// Dates, times and timestamps as ISO 8601 text, over the whole range of Iceberg's types;
/// years outside 0000-9999 are written with a sign.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace calve::table {

/// How many decimals of a second to write.
enum class Decimals { kSix, kSixUnlessZero };

/// Days since 1970-01-01 as `2024-01-31`, and back; nullopt if it is no such date.
std::string DateToText(int32_t days);
std::optional<int32_t> DateFromText(std::string_view text);

/// Microseconds since midnight as `23:59:59.000001`, and back; nullopt if it is no such
/// time. More than six decimals are refused unless they are zeros.
std::string TimeToText(int64_t micros, Decimals decimals);
std::optional<int64_t> TimeFromText(std::string_view text);

/// Microseconds since 1970-01-01 as date, `T` and time, without offset, and back.
std::string TimestampToText(int64_t micros, Decimals decimals);
std::optional<int64_t> TimestampFromText(std::string_view text);

/// The same with an offset: `+00:00` is written; `Z` and `±HH:MM` are read.
std::string TimestamptzToText(int64_t micros, Decimals decimals);
std::optional<int64_t> TimestamptzFromText(std::string_view text);

}  // namespace calve::table
