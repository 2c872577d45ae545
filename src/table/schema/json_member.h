#pragma once

/// \file table/schema/json_member.h
/// Reads JSON that others wrote: every member is checked, every fault is kCorrupt and
/// names the member by its path (`schemas[0].fields[2].id`).

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"

namespace calve::table {

/// Parses a JSON text. Never throws; nesting beyond 200 levels is refused, since writing
/// such a value again would need a stack as deep.
Result<nlohmann::json> ParseJson(std::string_view text);

/// Writes JSON as compact text. Never throws: invalid UTF-8 is written as U+FFFD.
std::string WriteJson(const nlohmann::json& json);

/// A fault of a member: `<member>: <problem>`, kCorrupt.
Error MemberError(std::string_view member, std::string_view problem);

/// The error of something inside `where`, with `where` put before its path.
Error Within(std::string_view where, Error error);
/// The same for an element of an array.
Error Within(std::string_view where, size_t index, Error error);

/// The member of an object, as a T: bool, int32_t, int64_t or std::string. A number that
/// is out of T's range is refused, as is one with a fraction.
template <typename T>
Result<T> Member(const nlohmann::json& object, std::string_view name);

/// The same; nullopt where it is absent or null.
template <typename T>
Result<std::optional<T>> OptionalMember(const nlohmann::json& object,
                                        std::string_view name);

/// The member, of any type. The pointer lives as long as `object`.
Result<const nlohmann::json*> AnyMember(const nlohmann::json& object,
                                        std::string_view name);

/// The member, an array.
Result<const nlohmann::json*> ArrayMember(const nlohmann::json& object,
                                          std::string_view name);
/// The same; null where it is absent or null.
Result<const nlohmann::json*> OptionalArrayMember(const nlohmann::json& object,
                                                  std::string_view name);

/// The elements of an array member, each an object; they live as long as `object`.
Result<std::vector<const nlohmann::json*>> ObjectsMember(const nlohmann::json& object,
                                                         std::string_view name);

/// Reads each object of an array member by `read`, a Result<T>(const nlohmann::json&).
template <typename T, typename Read>
Result<std::vector<T>> ReadObjects(const nlohmann::json& object, std::string_view name,
                                   Read read) {
  CALVE_ASSIGN(const auto elements, ObjectsMember(object, name));
  std::vector<T> values;
  values.reserve(elements.size());
  for (const nlohmann::json* element : elements) {
    Result<T> value = read(*element);
    if (!value) {
      return Within(name, values.size(), value.error());
    }
    values.push_back(*std::move(value));
  }
  return values;
}

/// An object's members but the known ones: a JSON object as text, or empty if there are
/// none.
std::string UnknownMembers(const nlohmann::json& object,
                           std::span<const std::string_view> known);
/// The object that UnknownMembers wrote; an empty one if the text is anything else.
nlohmann::json FromUnknownMembers(std::string_view text);

}  // namespace calve::table
