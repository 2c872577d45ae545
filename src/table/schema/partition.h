#pragma once

/// \file table/schema/partition.h
/// Partition specs and transforms, and sort orders. Spec: "Partitioning", "Sorting",
/// Appendix B "32-bit Hash Requirements", Appendix C.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"
#include "table/schema/literal.h"
#include "table/schema/schema.h"

namespace calve::table {

enum class TransformKind {
  kIdentity,
  kBucket,
  kTruncate,
  kYear,
  kMonth,
  kDay,
  kHour,
  kVoid
};

struct Transform {
  TransformKind kind = TransformKind::kIdentity;
  int32_t parameter = 0;  // bucket: number of buckets; truncate: width

  bool operator==(const Transform&) const = default;
};

/// `identity`, `bucket[16]`, `truncate[4]`, `year`, `month`, `day`, `hour`, `void`.
/// \return the transform; kUnsupported for a name the spec does not have (yet), kCorrupt
///         for a missing or senseless parameter
Result<Transform> ParseTransform(std::string_view name);
std::string TransformName(const Transform& transform);

/// The type of the transform's results: day gives date, year, month, hour and bucket give
/// int.
/// \return the type, or kInvalidArgument if the transform does not take this source
Result<Type> TransformResultType(const Transform& transform, const Type& source);

/// Applies a transform to one value; null gives null. Truncating an integer within one
/// width of its type's minimum wraps around, as the reference implementation does.
/// Requires: TransformResultType is ok and the value Fits the source.
std::optional<Literal> ApplyTransform(const Transform& transform, const Type& source,
                                      const std::optional<Literal>& value);

struct PartitionField {
  FieldId source_id;
  FieldId field_id;  // from 1000
  std::string name;
  Transform transform;

  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  int32_t spec_id = 0;
  std::vector<PartitionField> fields;

  bool operator==(const PartitionSpec&) const = default;
};

/// One value per field of a spec, in its order; nullopt is null.
using PartitionValues = std::vector<std::optional<Literal>>;

/// The struct type of a spec's partition values: fields with the spec's field ids and
/// names, all optional. A `void` field whose source column is gone is an int.
/// \return the type, or kCorrupt if a source column is missing or of a wrong type
Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema);

/// The folder of a partition below `data/`, as Iceberg names it:
/// `ingested_at_day=2024-01-31`, several levels joined by `/`, names and values
/// URL-encoded, null as `null`. Empty if the spec has no fields. One value per field.
std::string PartitionPath(const PartitionSpec& spec, const Type& partition_type,
                          const PartitionValues& values);

struct SortField {
  FieldId source_id;
  Transform transform;
  bool ascending = true;
  bool nulls_first = true;

  bool operator==(const SortField&) const = default;
};

struct SortOrder {
  int32_t order_id = 0;  // 0: unsorted
  std::vector<SortField> fields;

  bool operator==(const SortOrder&) const = default;
};

nlohmann::json PartitionSpecToJson(const PartitionSpec& spec);
/// Fields without ids, as format version 1 may have them, get 1000, 1001, …
/// \return the spec; kCorrupt names the member at fault, kUnsupported a transform or a
///         field of several sources that this version does not know
Result<PartitionSpec> PartitionSpecFromJson(const nlohmann::json& json);
nlohmann::json SortOrderToJson(const SortOrder& order);
/// \return as PartitionSpecFromJson
Result<SortOrder> SortOrderFromJson(const nlohmann::json& json);

}  // namespace calve::table
