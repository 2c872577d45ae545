#include <cstdint>
#include <optional>

#include "model/digit_internal.h"
#include "model/json_text_internal.h"

namespace calve::model {
namespace {

/// The number of the four hex digits at the front of `text`.
std::optional<uint32_t> HexOf(std::string_view text) {
  if (text.size() < 4) {
    return std::nullopt;
  }
  uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (IsDigit(c)) {
      value = value * 16 + static_cast<uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

bool IsHighSurrogate(uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool IsLowSurrogate(uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

/// The length of the escape that `text` begins with; 0 if it is none of JSON's.
size_t EscapeLength(std::string_view text) {
  constexpr std::string_view kPlain = "\"\\/bfnrt";
  if (text.size() < 2) {
    return 0;
  }
  if (text[1] != 'u') {
    return kPlain.find(text[1]) == std::string_view::npos ? 0 : 2;
  }
  const auto unit = HexOf(text.substr(2));
  if (!unit || IsLowSurrogate(*unit)) {
    return 0;
  }
  if (!IsHighSurrogate(*unit)) {
    return 6;
  }
  const std::string_view rest = text.substr(6);
  const auto twin = rest.starts_with("\\u") ? HexOf(rest.substr(2)) : std::nullopt;
  return twin && IsLowSurrogate(*twin) ? 12 : 0;
}

/// Takes digits off the front; says whether there was one.
bool TakeDigits(std::string_view& text) {
  const bool any = !text.empty() && IsDigit(text.front());
  while (!text.empty() && IsDigit(text.front())) {
    text.remove_prefix(1);
  }
  return any;
}

bool TakeAnyOf(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

bool IsJsonNumber(std::string_view text) {
  TakeAnyOf(text, "-");
  const bool zero = text.starts_with('0');
  if (zero) {
    text.remove_prefix(1);
  } else if (!TakeDigits(text)) {
    return false;
  }
  if (TakeAnyOf(text, ".") && !TakeDigits(text)) {
    return false;
  }
  if (TakeAnyOf(text, "eE")) {
    TakeAnyOf(text, "+-");
    if (!TakeDigits(text)) {
      return false;
    }
  }
  return text.empty();
}

}  // namespace

bool IsEscaped(std::string_view text) {
  size_t backslashes = 0;
  while (text.ends_with('\\')) {
    text.remove_suffix(1);
    ++backslashes;
  }
  return backslashes % 2 == 1;
}

bool HasValidEscapes(std::string_view raw) {
  for (size_t at = raw.find('\\'); at != std::string_view::npos;
       at = raw.find('\\', at)) {
    const size_t length = EscapeLength(raw.substr(at));
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}

bool IsJsonLiteral(std::string_view token) {
  return token == "true" || token == "false" || token == "null" || IsJsonNumber(token);
}

}  // namespace calve::model
