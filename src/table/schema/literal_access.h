#pragma once

/// \file table/schema/literal_access.h
/// The value inside a literal.

#include <cassert>
#include <cmath>
#include <variant>

#include "table/schema/literal.h"

namespace calve::table {

/// The literal's value. Requires: it holds a T.
template <typename T>
const T& As(const Literal& literal) {
  static const T none{};
  const T* value = std::get_if<T>(&literal);
  assert(value != nullptr);
  return value != nullptr ? *value : none;
}

/// Whether the literal is a float or double that is not a number.
inline bool IsNan(const Literal& literal) {
  if (const auto* narrow = std::get_if<float>(&literal)) {
    return std::isnan(*narrow);
  }
  const auto* wide = std::get_if<double>(&literal);
  return wide != nullptr && std::isnan(*wide);
}

}  // namespace calve::table
