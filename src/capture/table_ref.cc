#include "capture/table_ref.h"

#include <optional>

#include <fmt/format.h>

namespace calve::capture {
namespace {

/// Takes one name off the front of `rest`: in double quotes, or up to the next dot.
/// \return nullopt if there is none
std::optional<std::string> TakeName(std::string_view& rest) {
  std::string name;
  if (!rest.starts_with('"')) {
    name = rest.substr(0, rest.find('.'));
    rest.remove_prefix(name.size());
    return name.empty() || name.find('"') != std::string::npos ? std::nullopt
                                                               : std::optional(name);
  }
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      if (i + 1 == rest.size() || rest[i + 1] != '"') {
        rest.remove_prefix(i + 1);
        return name.empty() ? std::nullopt : std::optional(name);
      }
      ++i;
    }
    name += rest[i];
  }
  return std::nullopt;
}

}  // namespace

Result<TableRef> ParseTableRef(std::string_view text) {
  std::string_view rest = text;
  const Error bad = {ErrorKind::kInvalidArgument,
                     fmt::format("not a table's name (schema.table): '{}'", text)};
  const auto first = TakeName(rest);
  if (!first || text.find('\0') != std::string_view::npos) {
    return bad;
  }
  if (rest.empty()) {
    return TableRef{"public", *first};
  }
  if (rest.front() != '.') {
    return bad;
  }
  rest.remove_prefix(1);
  const auto second = TakeName(rest);
  if (!second || !rest.empty()) {
    return bad;
  }
  return TableRef{*first, *second};
}

}  // namespace calve::capture
