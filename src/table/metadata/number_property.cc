#include "table/metadata/number_property.h"

#include <charconv>

namespace calve::table {

std::optional<int64_t> IntegerIn(const Properties& properties, const std::string& key) {
  const auto it = properties.find(key);
  if (it == properties.end()) {
    return std::nullopt;
  }
  int64_t value = 0;
  const char* end = it->second.data() + it->second.size();
  const auto [rest, code] = std::from_chars(it->second.data(), end, value);
  const bool whole = code == std::errc() && rest == end;
  return whole ? std::optional(value) : std::nullopt;
}

std::optional<int64_t> NumberIn(const Properties& properties, const std::string& key) {
  const auto value = IntegerIn(properties, key);
  return value && *value >= 0 ? value : std::nullopt;
}

int64_t PositiveNumberIn(const Properties& properties, const std::string& key,
                         int64_t standard) {
  const int64_t value = NumberIn(properties, key).value_or(0);
  return value > 0 ? value : standard;
}

}  // namespace calve::table
