#include "table/data/bounds_truncation.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace calve::table {
namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr char32_t kFirstSurrogate = 0xD800;
constexpr char32_t kAfterSurrogates = 0xE000;

size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xE0) {
    return 2;
  }
  return lead < 0xF0 ? 3 : 4;
}

/// Decodes the code point at the start of `text`; nullopt if it is not UTF-8.
std::optional<char32_t> Decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t length = SequenceLength(lead);
  if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || text.size() < length) {
    return std::nullopt;
  }
  char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80) {
      return std::nullopt;
    }
    point = point << 6 | (byte & 0x3FU);
  }
  // Longer than need be, or a surrogate: raised by one it would be encoded otherwise.
  const bool overlong =
      (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= kFirstSurrogate && point < kAfterSurrogates;
  return overlong || surrogate || point > kLastCodePoint ? std::nullopt
                                                         : std::optional(point);
}

void AppendUtf8(char32_t point, std::string& out) {
  const auto tail = [&](int shift) {
    out += static_cast<char>(0x80U | (point >> shift & 0x3FU));
  };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

/// A prefix of a text, by code points.
struct Prefix {
  std::vector<char32_t> points;
  size_t bytes = 0;
  bool valid = true;
};

Prefix PrefixOf(std::string_view text, int length) {
  Prefix prefix;
  while (prefix.bytes < text.size() &&
         prefix.points.size() < static_cast<size_t>(length)) {
    const std::optional<char32_t> point = Decode(text.substr(prefix.bytes));
    if (!point) {
      prefix.valid = false;
      return prefix;
    }
    prefix.points.push_back(*point);
    prefix.bytes += SequenceLength(static_cast<unsigned char>(text[prefix.bytes]));
  }
  return prefix;
}

char32_t Successor(char32_t point) {
  const char32_t next = point + 1;
  return next == kFirstSurrogate ? kAfterSurrogates : next;
}

std::optional<std::string> RaisedText(std::vector<char32_t> points) {
  while (!points.empty() && points.back() >= kLastCodePoint) {
    points.pop_back();
  }
  if (points.empty()) {
    return std::nullopt;
  }
  points.back() = Successor(points.back());
  std::string out;
  for (const char32_t point : points) {
    AppendUtf8(point, out);
  }
  return out;
}

std::optional<std::string> RaisedBytes(std::string_view bytes) {
  while (!bytes.empty() && bytes.back() == '\xFF') {
    bytes.remove_suffix(1);
  }
  if (bytes.empty()) {
    return std::nullopt;
  }
  std::string out(bytes);
  out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return out;
}

}  // namespace

std::string TruncateLowerBound(const Type& type, std::string_view value, int length) {
  if (type.id == TypeId::kString) {
    // Where the text is not UTF-8 the bound ends before the fault.
    return std::string(value.substr(0, PrefixOf(value, length).bytes));
  }
  return std::string(value.substr(0, static_cast<size_t>(length)));
}

std::optional<std::string> TruncateUpperBound(const Type& type, std::string_view value,
                                              int length) {
  if (type.id == TypeId::kString) {
    Prefix prefix = PrefixOf(value, length);
    if (!prefix.valid || prefix.bytes == value.size()) {
      return std::string(value);
    }
    return RaisedText(std::move(prefix.points));
  }
  if (value.size() <= static_cast<size_t>(length)) {
    return std::string(value);
  }
  return RaisedBytes(value.substr(0, static_cast<size_t>(length)));
}

}  // namespace calve::table
