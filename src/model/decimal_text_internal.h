#pragma once

/// \file model/decimal_text_internal.h
/// Decimal numbers as texts, of any length, and their exact rounding.

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/cast_internal.h"

namespace calve::model {

/// An unsigned number `0.<digits> × 10^point`, its first digit not zero. Zero has no
/// digits.
struct DecimalText {
  std::string_view digits;  // may have one `.` among them
  int64_t point = 0;
};

/// Reads `12`, `12.`, `.5`, `12.5`, each perhaps with an exponent. Nothing for other
/// texts.
std::optional<DecimalText> ParseDecimalText(std::string_view text);

/// The number times 10^scale, rounded half up; nothing if it has more than `precision`
/// digits then.
std::optional<Int128> RoundToScale(const DecimalText& number, int precision, int scale);

}  // namespace calve::model
