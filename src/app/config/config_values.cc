#include "app/config/config_values.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <string>

#include <fmt/format.h>

namespace calve::app {
namespace {

struct Unit {
  std::string_view name;  // lower case
  int64_t factor;
};

constexpr int64_t kKibi = 1024;
constexpr std::array kByteUnits{
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", kKibi},
    Unit{"kib", kKibi},
    Unit{"kb", 1000},
    Unit{"m", kKibi* kKibi},
    Unit{"mib", kKibi* kKibi},
    Unit{"mb", 1'000'000},
    Unit{"g", kKibi* kKibi* kKibi},
    Unit{"gib", kKibi* kKibi* kKibi},
    Unit{"gb", 1'000'000'000},
};
constexpr std::array kTimeUnits{
    Unit{"", 1000},      Unit{"ms", 1},        Unit{"s", 1000},       Unit{"m", 60'000},
    Unit{"min", 60'000}, Unit{"h", 3'600'000}, Unit{"d", 86'400'000},
};

Error Wrong(std::string_view wanted, std::string_view text) {
  return {ErrorKind::kInvalidArgument,
          fmt::format("must be {}, but is \"{}\"", wanted, text)};
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The number at the start of `text`, and what follows it.
bool SplitNumber(std::string_view text, int64_t& number, std::string_view& rest) {
  std::string digits;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (IsDigit(text[at])) {
      digits += text[at];
    } else if (at == 0 || (text[at] != '_' && text[at] != ',')) {
      break;
    }
  }
  rest = text.substr(at);
  const auto parsed =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return !digits.empty() && parsed.ec == std::errc();
}

template <size_t kCount>
Result<int64_t> ParseWithUnit(std::string_view text,
                              const std::array<Unit, kCount>& units,
                              std::string_view wanted) {
  int64_t number = 0;
  std::string_view rest;
  if (!SplitNumber(text, number, rest)) {
    return Wrong(wanted, text);
  }
  std::string unit;
  for (const char c : rest) {
    if (c != ' ' || !unit.empty()) {
      unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  for (const Unit& known : units) {
    if (known.name == unit &&
        number <= std::numeric_limits<int64_t>::max() / known.factor) {
      return number * known.factor;
    }
  }
  return Wrong(wanted, text);
}

}  // namespace

Result<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  std::string_view rest;
  if (!SplitNumber(text, number, rest) || !rest.empty()) {
    return Wrong("a whole number", text);
  }
  return number;
}

Result<int64_t> ParseBytes(std::string_view text) {
  return ParseWithUnit(text, kByteUnits, "a size such as 64MiB");
}

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  CALVE_ASSIGN(const int64_t milliseconds,
               ParseWithUnit(text, kTimeUnits, "a span of time such as 30s or 5m"));
  return std::chrono::milliseconds(milliseconds);
}

}  // namespace calve::app
