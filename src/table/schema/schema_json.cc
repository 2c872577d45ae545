#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/schema/json_member.h"
#include "table/schema/schema.h"

namespace calve::table {
namespace {

using nlohmann::json;

// Bounds the recursion over types, whoever made the JSON.
constexpr int kMaxTypeDepth = 100;

constexpr std::string_view kKnownFieldMembers[] = {"id", "name", "type", "required",
                                                   "doc"};

json TypeToJson(const Type& type);

json FieldToJson(const Field& field) {
  json out = FromUnknownMembers(field.unknown_members);
  out["id"] = field.id.value;
  out["name"] = field.name;
  out["required"] = field.required;
  out["type"] = TypeToJson(field.type);
  if (!field.doc.empty()) {
    out["doc"] = field.doc;
  }
  return out;
}

json FieldsToJson(const std::vector<Field>& fields) {
  json out = json::array();
  for (const Field& field : fields) {
    out.push_back(FieldToJson(field));
  }
  return out;
}

json ListToJson(const Field& element) {
  return {{"type", "list"},
          {"element-id", element.id.value},
          {"element-required", element.required},
          {"element", TypeToJson(element.type)}};
}

json MapToJson(const Field& key, const Field& value) {
  return {{"type", "map"},
          {"key-id", key.id.value},
          {"key", TypeToJson(key.type)},
          {"value-id", value.id.value},
          {"value-required", value.required},
          {"value", TypeToJson(value.type)}};
}

json TypeToJson(const Type& type) {
  switch (type.id) {
    case TypeId::kStruct:
      return {{"type", "struct"}, {"fields", FieldsToJson(type.children)}};
    case TypeId::kList:
      return ListToJson(type.children.at(0));
    case TypeId::kMap:
      return MapToJson(type.children.at(0), type.children.at(1));
    default:
      return PrimitiveTypeName(type);
  }
}

Result<Type> TypeFromJson(const json& object, std::string_view member, int depth);

Result<FieldId> FieldIdMember(const json& object, std::string_view name) {
  CALVE_ASSIGN(const int32_t id, Member<int32_t>(object, name));
  return FieldId{id};
}

Result<Field> FieldFromJson(const json& object, int depth) {
  Field field;
  CALVE_ASSIGN(field.id, FieldIdMember(object, "id"));
  CALVE_ASSIGN(field.name, Member<std::string>(object, "name"));
  CALVE_ASSIGN(field.required, Member<bool>(object, "required"));
  CALVE_ASSIGN(field.type, TypeFromJson(object, "type", depth));
  CALVE_ASSIGN(auto doc, OptionalMember<std::string>(object, "doc"));
  field.doc = std::move(doc).value_or("");
  field.unknown_members = UnknownMembers(object, kKnownFieldMembers);
  return field;
}

Result<std::vector<Field>> FieldsFromJson(const json& object, int depth) {
  const auto read = [&](const json& field) { return FieldFromJson(field, depth); };
  CALVE_ASSIGN(auto fields, ReadObjects<Field>(object, "fields", read));
  std::set<std::string_view> names;
  for (const Field& field : fields) {
    if (!names.insert(field.name).second) {
      return MemberError("fields", fmt::format("name repeated: '{}'", field.name));
    }
  }
  return fields;
}

Result<Type> ListFromJson(const json& object, int depth) {
  CALVE_ASSIGN(const FieldId id, FieldIdMember(object, "element-id"));
  CALVE_ASSIGN(const bool required, Member<bool>(object, "element-required"));
  CALVE_ASSIGN(Type element, TypeFromJson(object, "element", depth));
  return ListType(id, std::move(element), required);
}

Result<Type> MapFromJson(const json& object, int depth) {
  MapPart key;
  MapPart value;
  CALVE_ASSIGN(key.id, FieldIdMember(object, "key-id"));
  CALVE_ASSIGN(key.type, TypeFromJson(object, "key", depth));
  CALVE_ASSIGN(value.id, FieldIdMember(object, "value-id"));
  CALVE_ASSIGN(const bool required, Member<bool>(object, "value-required"));
  CALVE_ASSIGN(value.type, TypeFromJson(object, "value", depth));
  return MapType(std::move(key), std::move(value), required);
}

Result<Type> NestedFromJson(const json& object, int depth) {
  CALVE_ASSIGN(const std::string kind, Member<std::string>(object, "type"));
  if (kind == "struct") {
    CALVE_ASSIGN(auto fields, FieldsFromJson(object, depth));
    return StructType(std::move(fields));
  }
  if (kind == "list") {
    return ListFromJson(object, depth);
  }
  if (kind == "map") {
    return MapFromJson(object, depth);
  }
  return MemberError("type", "expected struct, list or map");
}

/// Reads the type in a member of `object`.
Result<Type> TypeFromJson(const json& object, std::string_view member, int depth) {
  CALVE_ASSIGN(const json* value, AnyMember(object, member));
  if (depth > kMaxTypeDepth) {
    return MemberError(member, "types nest too deep");
  }
  if (value->is_string()) {
    auto type = ParsePrimitiveType(value->get_ref<const std::string&>());
    if (!type) {
      return Error{type.error().kind,
                   fmt::format("{}: {}", member, type.error().message)};
    }
    return type;
  }
  if (!value->is_object()) {
    return MemberError(member, "expected a type");
  }
  auto type = NestedFromJson(*value, depth + 1);
  if (!type) {
    return Within(member, type.error());
  }
  return type;
}

Status CheckIdsDiffer(const std::vector<Field>& fields, std::set<FieldId>& seen) {
  for (const Field& field : fields) {
    if (!seen.insert(field.id).second) {
      return MemberError("fields", fmt::format("field id {} repeated", field.id.value));
    }
    CALVE_TRY(CheckIdsDiffer(field.type.children, seen));
  }
  return {};
}

Result<std::vector<FieldId>> IdentifiersFromJson(const json& object,
                                                 const std::set<FieldId>& known) {
  std::vector<FieldId> ids;
  CALVE_ASSIGN(const json* array, OptionalArrayMember(object, "identifier-field-ids"));
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const std::string path = fmt::format("identifier-field-ids[{}]", i);
    const json one = {{path, (*array)[i]}};
    CALVE_ASSIGN(const FieldId id, FieldIdMember(one, path));
    if (!known.contains(id)) {
      return MemberError(path, "no such field");
    }
    ids.push_back(id);
  }
  return ids;
}

}  // namespace

json SchemaToJson(const Schema& schema) {
  json out = {{"type", "struct"},
              {"schema-id", schema.schema_id},
              {"fields", FieldsToJson(schema.fields)}};
  if (!schema.identifier_field_ids.empty()) {
    json& ids = out["identifier-field-ids"] = json::array();
    for (const FieldId id : schema.identifier_field_ids) {
      ids.push_back(id.value);
    }
  }
  return out;
}

Result<Schema> SchemaFromJson(const json& json) {
  if (!json.is_object()) {
    return Error{ErrorKind::kCorrupt, "schema: expected an object"};
  }
  CALVE_ASSIGN(const std::string kind, Member<std::string>(json, "type"));
  if (kind != "struct") {
    return MemberError("type", "expected struct");
  }
  Schema schema;
  CALVE_ASSIGN(const auto id, OptionalMember<int32_t>(json, "schema-id"));
  schema.schema_id = id.value_or(0);
  CALVE_ASSIGN(schema.fields, FieldsFromJson(json, /*depth=*/0));
  std::set<FieldId> seen;
  CALVE_TRY(CheckIdsDiffer(schema.fields, seen));
  CALVE_ASSIGN(schema.identifier_field_ids, IdentifiersFromJson(json, seen));
  return schema;
}

}  // namespace calve::table
