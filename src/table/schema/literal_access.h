#pragma once

/// \file table/schema/literal_access.h
/// The value inside a literal.

#include <cassert>
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

}  // namespace calve::table
