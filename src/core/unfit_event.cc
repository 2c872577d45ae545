#include "core/unfit_event.h"

#include <algorithm>

#include <arrow/util/utf8.h>
#include <fmt/format.h>

namespace calve {
namespace {

constexpr std::string_view kHead = "calve:unfit ";

/// Takes the text up to the next `end` off the front; nullopt if there is none.
std::optional<std::string_view> TakeTo(std::string_view& rest, char end) {
  const size_t at = rest.find(end);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return taken;
}

/// The length of the character that `bytes` begins with; 0 if it begins with none.
size_t CharacterLength(std::string_view bytes) {
  constexpr size_t kMaxLength = 4;
  for (size_t length = 1; length <= std::min(kMaxLength, bytes.size()); ++length) {
    if (arrow::util::ValidateUTF8(bytes.substr(0, length))) {
      return length;
    }
  }
  return 0;
}

}  // namespace

std::string MarkUnfit(const UnfitMark& mark, std::optional<std::string_view> raw_data) {
  std::string text =
      fmt::format("{}{} {} {}", kHead, mark.rule, mark.column, mark.reason);
  if (raw_data) {
    text += '\n';
    text += *raw_data;
  }
  return text;
}

std::optional<UnfitMark> ReadUnfitMark(std::string_view raw_data) {
  if (!raw_data.starts_with(kHead)) {
    return std::nullopt;
  }
  std::string_view line = raw_data.substr(0, raw_data.find('\n'));
  line.remove_prefix(kHead.size());
  const auto rule = TakeTo(line, ' ');
  const auto column = TakeTo(line, ' ');
  if (!rule || !column) {
    return std::nullopt;
  }
  return UnfitMark{.rule = *rule, .column = *column, .reason = line};
}

std::string EscapeInvalidUtf8(std::string_view bytes) {
  arrow::util::InitializeUTF8();
  std::string text;
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    if (length == 0) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    } else if (bytes.front() == '\\') {
      text += "\\\\";
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

}  // namespace calve
