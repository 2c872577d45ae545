#pragma once

/// \file table/schema/json_member.h
/// Reads JSON that others wrote: every member is checked, every fault is kCorrupt and
/// names the member by its path (`schemas[0].fields[2].id`).

#include <optional>
#include <string>
#include <string_view>

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

}  // namespace calve::table
