#pragma once

/// \file table/schema/floor_division.h
/// Division that rounds toward minus infinity, as dates before 1970 and Iceberg's
/// transforms need it.

namespace calve::table {

/// Requires: divisor > 0.
template <typename T>
constexpr T FloorDivide(T value, T divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/// The remainder of FloorDivide: from 0 to divisor - 1. Requires: divisor > 0.
template <typename T>
constexpr T FloorModulo(T value, T divisor) {
  const T remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

}  // namespace calve::table
