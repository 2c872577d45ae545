#pragma once

/// \file model/json_text_internal.h
/// Checks of JSON tokens that the parser hands out as they are written.

#include <string_view>

namespace calve::model {

inline bool IsJsonSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Whether a character right after `text` would be escaped: it ends in an odd number of
/// backslashes.
bool IsEscaped(std::string_view text);

/// Whether every escape of a string, given without its quotes, is one of JSON's, and
/// every surrogate has its twin. \cost nothing to speak of where there is no backslash
bool HasValidEscapes(std::string_view raw);

/// Whether the token is `true`, `false`, `null` or a number as JSON writes them.
bool IsJsonLiteral(std::string_view token);

}  // namespace calve::model
