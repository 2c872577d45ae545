#pragma once

/// \file table/schema/literal.h
/// Single values of primitive types: partition values and column bounds.
/// Spec: Appendix D "Single-value serialization".

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"
#include "table/schema/type.h"

namespace calve::table {

__extension__ using Int128 = __int128;

/// The unscaled value of a decimal.
struct Decimal {
  Int128 unscaled = 0;
  auto operator<=>(const Decimal&) const = default;
};

/// A non-null value; the alternative follows from its type:
/// boolean: bool · int, date: int32_t (days) · long, time, timestamp, timestamptz:
/// int64_t (microseconds) · float · double · decimal: Decimal · string (UTF-8), uuid (16
/// bytes), fixed, binary: std::string.
using Literal = std::variant<bool, int32_t, int64_t, float, double, Decimal, std::string>;

/// Orders two values of one type as the spec orders bounds: numbers by value with -0 <
/// +0, strings and bytes as unsigned bytes. Requires: both hold the same alternative, no
/// NaN.
std::strong_ordering Compare(const Literal& a, const Literal& b);

/// Whether the literal holds the alternative that the type asks for: what the functions
/// below require of it, and what a reader of foreign values must check.
bool Fits(const Type& type, const Literal& value);

/// The binary form, as in column bounds. Requires: Fits.
std::string EncodeLiteral(const Type& type, const Literal& value);
/// \return the value, or kCorrupt. A long or double column may have bounds that were
///         written when it was an int or a float: those are widened. A fixed may be
///         shorter than its type, as a truncated bound is.
Result<Literal> DecodeLiteral(const Type& type, std::string_view bytes);

/// The JSON form (dates as text, decimals as strings, binary as hex). NaN and infinities,
/// which JSON lacks, become null. Requires: Fits.
nlohmann::json LiteralToJson(const Type& type, const Literal& value);
/// \return the value, or kCorrupt
Result<Literal> LiteralFromJson(const Type& type, const nlohmann::json& json);

/// A readable form for paths and messages, as Iceberg's human strings: `2024-01-31`,
/// `42`, binary as Base64. Requires: Fits.
std::string LiteralToText(const Type& type, const Literal& value);

}  // namespace calve::table
