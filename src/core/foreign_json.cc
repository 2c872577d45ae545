#include "core/foreign_json.h"

#include <nlohmann/json.hpp>

namespace calve {

using nlohmann::json;

bool JsonNestsTooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostJsonLevels) {
        return true;
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

json ParseForeignJson(std::string_view text) {
  if (JsonNestsTooDeep(text)) {
    return json(json::value_t::discarded);
  }
  return json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
}

const json& JsonAt(const json& value, std::initializer_list<std::string_view> path) {
  static const json nothing;
  const json* at = &value;
  for (const std::string_view name : path) {
    if (!at->is_object()) {
      return nothing;
    }
    const auto member = at->find(std::string(name));
    if (member == at->end()) {
      return nothing;
    }
    at = &*member;
  }
  return *at;
}

std::string JsonTextAt(const json& value, std::initializer_list<std::string_view> path) {
  const json& member = JsonAt(value, path);
  return member.is_string() ? member.get<std::string>() : "";
}

}  // namespace calve
