#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/schema/json_member.h"
#include "table/schema/partition.h"

namespace calve::table {
namespace {

using nlohmann::json;

constexpr int32_t kFirstPartitionFieldId = 1000;

Result<Transform> TransformMember(const json& object) {
  CALVE_ASSIGN(const std::string name, Member<std::string>(object, "transform"));
  auto transform = ParseTransform(name);
  if (!transform) {
    return Error{transform.error().kind,
                 fmt::format("transform: {}", transform.error().message)};
  }
  return transform;
}

/// `source-id`, or the only one of v3's `source-ids`.
Result<FieldId> SourceMember(const json& object) {
  CALVE_ASSIGN(const auto single, OptionalMember<int32_t>(object, "source-id"));
  if (single) {
    return FieldId{*single};
  }
  CALVE_ASSIGN(const json* several, OptionalArrayMember(object, "source-ids"));
  if (several == nullptr) {
    return MemberError("source-id", "missing");
  }
  if (several->size() != 1) {
    return Error{ErrorKind::kUnsupported,
                 "source-ids: transforms of several columns are not known"};
  }
  const json one = {{"source-ids", several->front()}};
  CALVE_ASSIGN(const int32_t id, Member<int32_t>(one, "source-ids"));
  return FieldId{id};
}

Result<PartitionField> PartitionFieldFromJson(const json& object, int32_t default_id) {
  PartitionField field;
  CALVE_ASSIGN(field.source_id, SourceMember(object));
  CALVE_ASSIGN(const auto id, OptionalMember<int32_t>(object, "field-id"));
  field.field_id = FieldId{id.value_or(default_id)};
  CALVE_ASSIGN(field.name, Member<std::string>(object, "name"));
  CALVE_ASSIGN(field.transform, TransformMember(object));
  return field;
}

/// Reads one of two words.
Result<bool> ChoiceMember(const json& object, std::string_view name,
                          std::string_view when_true, std::string_view when_false) {
  CALVE_ASSIGN(const std::string word, Member<std::string>(object, name));
  if (word != when_true && word != when_false) {
    return MemberError(name, fmt::format("expected {} or {}", when_true, when_false));
  }
  return word == when_true;
}

Result<SortField> SortFieldFromJson(const json& object) {
  SortField field;
  CALVE_ASSIGN(field.source_id, SourceMember(object));
  CALVE_ASSIGN(field.transform, TransformMember(object));
  CALVE_ASSIGN(field.ascending, ChoiceMember(object, "direction", "asc", "desc"));
  CALVE_ASSIGN(field.nulls_first,
               ChoiceMember(object, "null-order", "nulls-first", "nulls-last"));
  return field;
}

Status CheckFieldsDiffer(const std::vector<PartitionField>& fields) {
  std::set<FieldId> ids;
  std::set<std::string_view> names;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!ids.insert(fields[i].field_id).second) {
      return MemberError(fmt::format("fields[{}].field-id", i), "repeated");
    }
    if (!names.insert(fields[i].name).second) {
      return MemberError(fmt::format("fields[{}].name", i), "repeated");
    }
  }
  return {};
}

}  // namespace

json PartitionSpecToJson(const PartitionSpec& spec) {
  json fields = json::array();
  for (const PartitionField& field : spec.fields) {
    fields.push_back({{"source-id", field.source_id.value},
                      {"field-id", field.field_id.value},
                      {"name", field.name},
                      {"transform", TransformName(field.transform)}});
  }
  return {{"spec-id", spec.spec_id}, {"fields", std::move(fields)}};
}

Result<PartitionSpec> PartitionSpecFromJson(const json& json) {
  if (!json.is_object()) {
    return Error{ErrorKind::kCorrupt, "partition spec: expected an object"};
  }
  PartitionSpec spec;
  CALVE_ASSIGN(spec.spec_id, Member<int32_t>(json, "spec-id"));
  int32_t next_id = kFirstPartitionFieldId;
  const auto read = [&](const nlohmann::json& object) {
    return PartitionFieldFromJson(object, next_id++);
  };
  CALVE_ASSIGN(spec.fields, ReadObjects<PartitionField>(json, "fields", read));
  CALVE_TRY(CheckFieldsDiffer(spec.fields));
  return spec;
}

json SortOrderToJson(const SortOrder& order) {
  json fields = json::array();
  for (const SortField& field : order.fields) {
    fields.push_back({{"source-id", field.source_id.value},
                      {"transform", TransformName(field.transform)},
                      {"direction", field.ascending ? "asc" : "desc"},
                      {"null-order", field.nulls_first ? "nulls-first" : "nulls-last"}});
  }
  return {{"order-id", order.order_id}, {"fields", std::move(fields)}};
}

Result<SortOrder> SortOrderFromJson(const json& json) {
  if (!json.is_object()) {
    return Error{ErrorKind::kCorrupt, "sort order: expected an object"};
  }
  SortOrder order;
  CALVE_ASSIGN(order.order_id, Member<int32_t>(json, "order-id"));
  CALVE_ASSIGN(order.fields, ReadObjects<SortField>(json, "fields", SortFieldFromJson));
  return order;
}

}  // namespace calve::table
