#pragma once

/// \file model/cast_internal.h
/// The one grammar of casts, docs/casts.md. Each function returns nothing if the text is
/// not in the grammar or the type cannot hold the value. Spaces around are ignored.

#include <cstdint>
#include <optional>
#include <string_view>

namespace calve::model {

__extension__ using Int128 = __int128;

std::optional<bool> CastBoolean(std::string_view text);
std::optional<int32_t> CastInteger(std::string_view text);
std::optional<int64_t> CastBigint(std::string_view text);
/// The nearest value, ties to even; too small ones are zero.
std::optional<float> CastReal(std::string_view text);
std::optional<double> CastDouble(std::string_view text);
/// The value times 10^scale; digits past the scale round half away from zero.
/// \param precision  1 to 38
std::optional<Int128> CastDecimal(std::string_view text, int precision, int scale);
/// Days since the Unix epoch.
std::optional<int32_t> CastDate(std::string_view text);
/// Microseconds since the Unix epoch, UTC, by ParseTimestamp's grammar.
std::optional<int64_t> CastTimestamp(std::string_view text);

}  // namespace calve::model
