#pragma once

/// \file model/digit_internal.h
/// ASCII digits, whatever the locale.

namespace calve::model {

inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace calve::model
