#include <array>
#include <cmath>

#include <fmt/format.h>

#include "app/console/render.h"

namespace calve::app {

std::string FormatCount(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, /*count=*/1, ',');
  }
  return digits;
}

std::string FormatBytes(int64_t bytes) {
  constexpr double kStep = 1024;
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < static_cast<int64_t>(kStep)) {
    return fmt::format("{} B", bytes);
  }
  double size = static_cast<double>(bytes) / kStep;
  size_t unit = 0;
  while (size >= kStep && unit + 1 < kUnits.size()) {
    size /= kStep;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits.at(unit));
}

std::string FormatSeconds(double seconds) {
  constexpr int64_t kMinute = 60;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  if (seconds < 1) {
    return fmt::format("{:.2f} s", seconds);
  }
  if (seconds < static_cast<double>(kMinute)) {
    return fmt::format("{:.1f} s", seconds);
  }
  const int64_t whole = std::llround(seconds);
  if (whole < kHour) {
    return fmt::format("{} min {} s", whole / kMinute, whole % kMinute);
  }
  if (whole < kDay) {
    return fmt::format("{} h {} min", whole / kHour, whole % kHour / kMinute);
  }
  return fmt::format("{} d {} h", whole / kDay, whole % kDay / kHour);
}

}  // namespace calve::app
