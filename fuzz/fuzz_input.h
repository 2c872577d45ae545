#pragma once

/// \file fuzz_input.h
/// What the fuzz targets share: their input as text, and laws that end the program.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace calve::fuzz {

inline std::string_view TextOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program where a law does not hold: libFuzzer then keeps the input.
inline void Require(bool holds, std::string_view law) {
  if (!holds) {
    std::fprintf(stderr, "broken law: %.*s\n", static_cast<int>(law.size()), law.data());
    std::abort();
  }
}

/// Cuts off and returns what stands before the first newline of `rest`.
inline std::string_view TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

}  // namespace calve::fuzz
