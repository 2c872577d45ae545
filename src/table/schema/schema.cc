#include "table/schema/schema.h"

#include <algorithm>

namespace calve::table {
namespace {

const Field* FindIn(const std::vector<Field>& fields, FieldId id) {
  for (const Field& field : fields) {
    if (field.id == id) {
      return &field;
    }
    if (const Field* inside = FindIn(field.type.children, id)) {
      return inside;
    }
  }
  return nullptr;
}

FieldId HighestIn(const std::vector<Field>& fields) {
  FieldId highest;
  for (const Field& field : fields) {
    highest = std::max({highest, field.id, HighestIn(field.type.children)});
  }
  return highest;
}

}  // namespace

const Field* Schema::Find(FieldId id) const {
  const auto it = std::find_if(fields.begin(), fields.end(),
                               [&](const Field& field) { return field.id == id; });
  return it == fields.end() ? nullptr : &*it;
}

const Field* Schema::Find(std::string_view name) const {
  const auto it = std::find_if(fields.begin(), fields.end(),
                               [&](const Field& field) { return field.name == name; });
  return it == fields.end() ? nullptr : &*it;
}

const Field* Schema::FindNested(FieldId id) const {
  return FindIn(fields, id);
}

FieldId Schema::HighestFieldId() const {
  return HighestIn(fields);
}

}  // namespace calve::table
