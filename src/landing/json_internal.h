#pragma once

/// \file landing/json_internal.h
/// The JSON objects that lie beside landing files, read without trusting them.

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/result.h"

namespace calve::landing {

/// Parses the object that `text` holds. \param location  for the message
inline Result<nlohmann::json> ParseObject(const std::string& text,
                                          const std::string& location) {
  auto json = nlohmann::json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return Error{ErrorKind::kCorrupt, location + ": not a JSON object"};
  }
  return json;
}

/// Takes a member of a given type out of an object; kCorrupt if it has none.
template <typename T>
Result<T> Member(const nlohmann::json& object, const char* name) {
  const auto it = object.find(name);
  const bool fits =
      it != object.end() && (std::is_same_v<T, std::string> ? it->is_string()
                             : std::is_same_v<T, bool>      ? it->is_boolean()
                                                            : it->is_number_integer());
  if (!fits) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("'{}' is missing, or of another type", name)};
  }
  return it->template get<T>();
}

/// The object's text. Bytes that are no UTF-8 (names from a command line) are replaced.
/// \param indent  spaces a level; -1: all in one line
inline std::string ToText(const nlohmann::ordered_json& object, int indent) {
  return object.dump(indent, ' ', /*ensure_ascii=*/false,
                     nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace calve::landing
