#include "core/foreign_text.h"

#include <algorithm>

namespace calve {
namespace {

constexpr std::string_view kEllipsis = "…";

bool IsInsideCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The UTF-8 forms of U+0080 to U+009F, which terminals obey as they do U+001B.
bool IsC1Control(std::string_view text, size_t at) {
  return text[at] == '\xC2' && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) < 0xA0U;
}

}  // namespace

std::string InOneLine(std::string_view text, size_t longest_bytes) {
  std::string line;
  for (size_t i = 0; i < text.size() && line.size() <= longest_bytes + 1; ++i) {
    const char c = text[i];
    const bool c1 = IsC1Control(text, i);
    if (!c1 && static_cast<unsigned char>(c) > ' ' && c != '\x7f') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
    i += c1 ? 1 : 0;
  }
  if (line.ends_with(' ')) {
    line.pop_back();
  }
  if (line.size() <= longest_bytes) {
    return line;
  }
  size_t end = longest_bytes - std::min(longest_bytes, kEllipsis.size());
  while (end > 0 && IsInsideCharacter(line[end])) {
    --end;
  }
  return line.substr(0, end).append(kEllipsis);
}

}  // namespace calve
