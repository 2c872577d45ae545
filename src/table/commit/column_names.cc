#include <set>
#include <string_view>

#include "table/commit/column_names_internal.h"

namespace calve::table {

void AssignFreshIds(std::span<Field> fields, int32_t& last_id,
                    std::map<int32_t, FieldId>* renamed) {
  for (Field& field : fields) {
    const FieldId fresh{++last_id};
    if (renamed != nullptr) {
      const auto [it, first] = renamed->emplace(field.id.value, fresh);
      it->second = first ? fresh : FieldId{0};
    }
    field.id = fresh;
  }
  for (Field& field : fields) {
    AssignFreshIds(field.type.children, last_id, renamed);
  }
}

std::optional<std::string> FindNameFlaw(const Schema& schema, const PartitionSpec& spec) {
  std::set<std::string_view> names;
  for (const Field& field : schema.fields) {
    if (field.name.empty()) {
      return "a column has no name";
    }
    if (!names.insert(field.name).second) {
      return "a column's name is taken: " + field.name;
    }
  }
  for (const PartitionField& field : spec.fields) {
    const Field* column = schema.Find(field.name);
    const bool identity = column != nullptr && column->id == field.source_id &&
                          field.transform.kind == TransformKind::kIdentity;
    if (column != nullptr && !identity) {
      return "a column's name is that of a partition field: " + field.name;
    }
  }
  return std::nullopt;
}

}  // namespace calve::table
