#pragma once

/// \file table/commit/column_names_internal.h
/// Ids and names of a schema that is being made or changed.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "table/schema/partition.h"
#include "table/schema/schema.h"

namespace calve::table {

/// Numbers the fields from `last_id` + 1, all of one level before the levels below, and
/// raises `last_id` to the largest.
/// \param renamed  if not null, gets old id → new id of every field; ids that occurred
///                 more than once are mapped to 0
void AssignFreshIds(std::span<Field> fields, int32_t& last_id,
                    std::map<int32_t, FieldId>* renamed);

/// What is wrong with the names: an empty or repeated one, or a partition field named
/// like a column (allowed only if it is that column's identity). nullopt if nothing.
std::optional<std::string> FindNameFlaw(const Schema& schema, const PartitionSpec& spec);

}  // namespace calve::table
