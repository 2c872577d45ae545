#pragma once

/// \file table/schema/name_mapping.h
/// Which names columns have in data files that carry no field ids.
/// Spec: "Column Projection", Appendix C "Name Mapping Serialization".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "table/schema/type.h"

namespace calve::table {

/// A column, or a part of a nested one: `element` of a list, `key` and `value` of a map.
struct MappedName {
  std::optional<FieldId> id;  // nullopt: the table has no such column
  std::vector<std::string> names;
  std::vector<MappedName> parts = {};

  bool operator==(const MappedName&) const = default;
};

using NameMapping = std::vector<MappedName>;

/// The entry that has this name, exactly, or null. Valid while the mapping is unchanged.
const MappedName* FindName(const NameMapping& mapping, std::string_view name);

/// Reads the table property `schema.name-mapping.default`.
/// \return kCorrupt naming the member at fault
Result<NameMapping> NameMappingFromJson(std::string_view text);

}  // namespace calve::table
