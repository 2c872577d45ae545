#pragma once

/// \file core/time_units.h
/// What the microseconds of a timestamp and the days of a date are counted in.

#include <cstdint>

namespace calve {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
inline constexpr int64_t kEpochYear = 1970;

}  // namespace calve
