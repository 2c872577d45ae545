#pragma once

/// \file app/config/config_values.h
/// Reads values as people write them: numbers, sizes, spans of time. The command line
/// takes the same forms.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace calve::app {

/// A whole number, 0 or more; `_` and `,` may divide the digits. Errors of these
/// functions are parts of a sentence: "must be a whole number, but is …".
Result<int64_t> ParseInteger(std::string_view text);

/// Bytes: `65536`, `64KiB`, `64 MiB`, `1GiB`, `500MB` (powers of ten), `64M` (as MiB).
Result<int64_t> ParseBytes(std::string_view text);

/// `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number is seconds.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

}  // namespace calve::app
