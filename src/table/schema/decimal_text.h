#pragma once

/// \file table/schema/decimal_text.h
/// Decimals as text and as the spec's shortest big-endian bytes.

#include <optional>
#include <string>
#include <string_view>

#include "table/schema/literal.h"

namespace calve::table {

/// The value with exactly `scale` decimals: `-0.05` for -5 at scale 2.
std::string DecimalToText(Decimal value, int scale);
/// \return the value at this scale; nullopt if the text is no decimal, has more decimals
///         or more than `precision` digits
std::optional<Decimal> DecimalFromText(std::string_view text, int precision, int scale);

/// Two's complement, big-endian, in as few bytes as hold it.
std::string DecimalToBytes(Decimal value);
/// \return the value; nullopt if there are no bytes or more than 16
std::optional<Decimal> DecimalFromBytes(std::string_view bytes);

}  // namespace calve::table
