#include "table/schema/name_mapping.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/schema/json_member.h"

namespace calve::table {
namespace {

using nlohmann::json;

Result<std::vector<std::string>> NamesMember(const json& object) {
  CALVE_ASSIGN(const json* array, ArrayMember(object, "names"));
  std::vector<std::string> names;
  for (const json& name : *array) {
    if (!name.is_string()) {
      return MemberError(fmt::format("names[{}]", names.size()), "expected a string");
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

// ParseJson bounds the recursion.
Result<MappedName> MappedNameFromJson(const json& object) {
  MappedName mapped;
  CALVE_ASSIGN(const auto id, OptionalMember<int32_t>(object, "field-id"));
  if (id) {
    mapped.id = FieldId{*id};
  }
  CALVE_ASSIGN(mapped.names, NamesMember(object));
  CALVE_ASSIGN(const json* parts, OptionalArrayMember(object, "fields"));
  if (parts != nullptr) {
    CALVE_ASSIGN(mapped.parts,
                 ReadObjects<MappedName>(object, "fields", MappedNameFromJson));
  }
  return mapped;
}

}  // namespace

const MappedName* FindName(const NameMapping& mapping, std::string_view name) {
  const auto it = std::ranges::find_if(mapping, [&](const MappedName& mapped) {
    return std::ranges::find(mapped.names, name) != mapped.names.end();
  });
  return it == mapping.end() ? nullptr : &*it;
}

Result<NameMapping> NameMappingFromJson(std::string_view text) {
  constexpr const char* kProperty = "schema.name-mapping.default";
  CALVE_ASSIGN(json parsed, ParseJson(text));
  const json root = {{kProperty, std::move(parsed)}};
  return ReadObjects<MappedName>(root, kProperty, MappedNameFromJson);
}

}  // namespace calve::table
