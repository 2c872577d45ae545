#pragma once

/// \file core/foreign_text.h
/// What another program says, as part of a message of ours.

#include <cstddef>
#include <string>
#include <string_view>

namespace calve {

/// One line of it: spaces, line breaks and control characters, which would move a
/// terminal's cursor, become one space between words.
///
/// \param longest_bytes  at least 3; what is longer is cut between characters, and ends
///                       with `…`
std::string InOneLine(std::string_view text, size_t longest_bytes);

}  // namespace calve
