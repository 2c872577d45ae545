#pragma once

/// \file core/foreign_json.h
/// JSON that another program wrote, read without trusting it: what is missing, or of
/// another type than asked for, reads as nothing.

#include <initializer_list>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace calve {

/// So deep may arrays and objects nest: writing a value again takes a stack as deep.
inline constexpr int kMostJsonLevels = 200;

/// Whether they nest deeper. On a text that is no JSON the answer does not matter.
bool JsonNestsTooDeep(std::string_view text);

/// Parses a text. Never throws. \return a discarded value, which is no object and no
/// array, for a text that is no JSON or nests too deep
nlohmann::json ParseForeignJson(std::string_view text);

/// The member at a path of names, null where one is missing. Lives as long as `value`.
const nlohmann::json& JsonAt(const nlohmann::json& value,
                             std::initializer_list<std::string_view> path);

/// The text at a path of names; "" where there is none.
std::string JsonTextAt(const nlohmann::json& value,
                       std::initializer_list<std::string_view> path);

}  // namespace calve
