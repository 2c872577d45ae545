#include "table/schema/json_member.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/foreign_json.h"

namespace calve::table {
namespace {

using nlohmann::json;

/// The member if it is there and not null, else null.
const json* FindMember(const json& object, std::string_view name) {
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

template <typename T>
Result<T> ReadInteger(const json& value, std::string_view name) {
  if (!value.is_number_integer()) {
    return MemberError(name, "expected an integer");
  }
  const bool too_large =
      value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<T>::max());
  const bool outside = !value.is_number_unsigned() &&
                       (value.get<int64_t>() < std::numeric_limits<T>::min() ||
                        value.get<int64_t>() > std::numeric_limits<T>::max());
  if (too_large || outside) {
    return MemberError(name, fmt::format("outside {} bits", 8 * sizeof(T)));
  }
  return static_cast<T>(value.get<int64_t>());
}

template <typename T>
Result<T> Read(const json& value, std::string_view name);

template <>
Result<int32_t> Read(const json& value, std::string_view name) {
  return ReadInteger<int32_t>(value, name);
}

template <>
Result<int64_t> Read(const json& value, std::string_view name) {
  return ReadInteger<int64_t>(value, name);
}

template <>
Result<bool> Read(const json& value, std::string_view name) {
  if (!value.is_boolean()) {
    return MemberError(name, "expected true or false");
  }
  return value.get<bool>();
}

template <>
Result<std::string> Read(const json& value, std::string_view name) {
  if (!value.is_string()) {
    return MemberError(name, "expected a string");
  }
  return value.get_ref<const std::string&>();
}

}  // namespace

Result<json> ParseJson(std::string_view text) {
  json parsed = ParseForeignJson(text);
  if (parsed.is_discarded()) {
    return Error{ErrorKind::kCorrupt,
                 JsonNestsTooDeep(text)
                     ? fmt::format("JSON nests deeper than {} levels", kMostJsonLevels)
                     : "not a JSON text"};
  }
  return parsed;
}

std::string WriteJson(const json& json) {
  return json.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   nlohmann::json::error_handler_t::replace);
}

Error MemberError(std::string_view member, std::string_view problem) {
  return {ErrorKind::kCorrupt, fmt::format("{}: {}", member, problem)};
}

Error Within(std::string_view where, Error error) {
  return {error.kind, fmt::format("{}.{}", where, error.message)};
}

Error Within(std::string_view where, size_t index, Error error) {
  return Within(fmt::format("{}[{}]", where, index), std::move(error));
}

template <typename T>
Result<T> Member(const json& object, std::string_view name) {
  CALVE_ASSIGN(const json* value, AnyMember(object, name));
  return Read<T>(*value, name);
}

template <typename T>
Result<std::optional<T>> OptionalMember(const json& object, std::string_view name) {
  const json* value = FindMember(object, name);
  if (value == nullptr) {
    return std::optional<T>();
  }
  CALVE_ASSIGN(T read, Read<T>(*value, name));
  return std::optional<T>(std::move(read));
}

template Result<bool> Member(const json&, std::string_view);
template Result<int32_t> Member(const json&, std::string_view);
template Result<int64_t> Member(const json&, std::string_view);
template Result<std::string> Member(const json&, std::string_view);
template Result<std::optional<bool>> OptionalMember(const json&, std::string_view);
template Result<std::optional<int32_t>> OptionalMember(const json&, std::string_view);
template Result<std::optional<int64_t>> OptionalMember(const json&, std::string_view);
template Result<std::optional<std::string>> OptionalMember(const json&, std::string_view);

Result<const json*> AnyMember(const json& object, std::string_view name) {
  const json* value = FindMember(object, name);
  if (value == nullptr) {
    return MemberError(name, "missing");
  }
  return value;
}

Result<const json*> ArrayMember(const json& object, std::string_view name) {
  CALVE_ASSIGN(const json* value, AnyMember(object, name));
  if (!value->is_array()) {
    return MemberError(name, "expected an array");
  }
  return value;
}

Result<const json*> OptionalArrayMember(const json& object, std::string_view name) {
  if (FindMember(object, name) == nullptr) {
    return static_cast<const json*>(nullptr);
  }
  return ArrayMember(object, name);
}

Result<std::vector<const json*>> ObjectsMember(const json& object,
                                               std::string_view name) {
  CALVE_ASSIGN(const json* array, ArrayMember(object, name));
  std::vector<const json*> elements;
  elements.reserve(array->size());
  for (const json& element : *array) {
    if (!element.is_object()) {
      return MemberError(fmt::format("{}[{}]", name, elements.size()),
                         "expected an object");
    }
    elements.push_back(&element);
  }
  return elements;
}

std::string UnknownMembers(const json& object, std::span<const std::string_view> known) {
  json unknown = json::object();
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      unknown[name] = value;
    }
  }
  return unknown.empty() ? "" : WriteJson(unknown);
}

json FromUnknownMembers(std::string_view text) {
  auto object = ParseJson(text);
  return object && object->is_object() ? *std::move(object) : json::object();
}

}  // namespace calve::table
