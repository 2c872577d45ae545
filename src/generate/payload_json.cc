#include "generate/payload_json.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace calve::generate {
namespace {

constexpr std::array<std::string_view, 4> kTextColumns = {"order_timestamp", "created_at",
                                                          "updated_at", "description"};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Removes digits from the front; false if there is none.
bool TakeDigits(std::string_view& text) {
  const size_t before = text.size();
  while (!text.empty() && IsDigit(text.front())) {
    text.remove_prefix(1);
  }
  return text.size() != before;
}

bool TakeOneOf(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// Whether `text` is a number in JSON's grammar (RFC 8259, section 6).
bool IsJsonNumber(std::string_view text) {
  TakeOneOf(text, "-");
  if (!TakeOneOf(text, "0") && !TakeDigits(text)) {
    return false;
  }
  if (TakeOneOf(text, ".") && !TakeDigits(text)) {
    return false;
  }
  if (TakeOneOf(text, "eE")) {
    TakeOneOf(text, "+-");
    if (!TakeDigits(text)) {
      return false;
    }
  }
  return text.empty();
}

constexpr std::array<bool, 256> MakeEscaped() {
  std::array<bool, 256> escaped{};
  for (size_t c = 0; c < 0x20; ++c) {
    escaped[c] = true;
  }
  escaped['"'] = true;
  escaped['\\'] = true;
  return escaped;
}

/// Whether a byte can't stand as it is in a JSON string.
constexpr std::array<bool, 256> kEscaped = MakeEscaped();

void AppendEscape(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

void AppendString(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto* const special = std::find_if(text.begin(), text.end(), [](char c) {
      return kEscaped[static_cast<unsigned char>(c)];
    });
    out.append(text.begin(), special);
    text.remove_prefix(static_cast<size_t>(special - text.begin()));
    if (!text.empty()) {
      AppendEscape(text.front(), out);
      text.remove_prefix(1);
    }
  }
  out += '"';
}

}  // namespace

PayloadJson::PayloadJson(std::span<const std::string> columns, PayloadStyle style) {
  for (const std::string& column : columns) {
    std::string key = columns_.empty() ? "{" : ",";
    AppendString(column, key);
    key += ':';
    const bool is_text =
        std::count(kTextColumns.begin(), kTextColumns.end(), column) != 0;
    columns_.push_back({.key = std::move(key),
                        .may_be_bare = style == PayloadStyle::kTyped && !is_text});
  }
}

const std::string& PayloadJson::Render(std::span<const Field> payload) {
  text_.clear();
  for (size_t i = 0; i < columns_.size(); ++i) {
    text_ += columns_[i].key;
    const Field& value = payload[i];
    if (!value) {
      text_ += "null";
    } else if (columns_[i].may_be_bare &&
               (*value == "true" || *value == "false" || IsJsonNumber(*value))) {
      text_ += *value;
    } else {
      AppendString(*value, text_);
    }
  }
  text_ += columns_.empty() ? "{}" : "}";
  return text_;
}

}  // namespace calve::generate
