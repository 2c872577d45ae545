#pragma once

/// \file table/data/bounds_truncation.h
/// Shortens column bounds that stay bounds. Spec: "Manifests", lower_bounds and
/// upper_bounds.

#include <optional>
#include <string>
#include <string_view>

#include "table/schema/type.h"

namespace calve::table {

/// Code points of a string, and bytes of a binary value, that a truncated bound keeps.
inline constexpr int kTruncatedBoundLength = 16;

/// The first `length` code points (string) or bytes (binary): never greater than `value`.
std::string TruncateLowerBound(const Type& type, std::string_view value, int length);

/// As TruncateLowerBound, with the last unit that can be raised raised by one where
/// something was cut off: never less than `value`. \return nullopt if there is no such
/// text; all of `value` if it is not UTF-8 where it should be
std::optional<std::string> TruncateUpperBound(const Type& type, std::string_view value,
                                              int length);

}  // namespace calve::table
