#pragma once

/// \file table/manifest/partition_summary.h
/// Sums up the partition values of a manifest's files, for pruning manifests.

#include <cstddef>
#include <optional>
#include <vector>

#include "table/manifest/manifest.h"
#include "table/schema/literal.h"
#include "table/schema/partition.h"
#include "table/schema/type.h"

namespace calve::table {

/// Collects the bounds of each partition field. Not thread-safe.
class PartitionSummaries {
 public:
  /// \param partition_type  of the values; outlives this
  explicit PartitionSummaries(const Type& partition_type);

  /// Requires: one value per field, each fits its type.
  void Add(const PartitionValues& partition);

  /// One summary per field, in the order of the type.
  std::vector<FieldSummary> Summaries() const;

 private:
  struct Bounds {
    bool contains_null = false;
    bool contains_nan = false;
    std::optional<Literal> lower;
    std::optional<Literal> upper;
  };

  static void Extend(Bounds& bounds, const Literal& value);

  const std::vector<Field>& fields_;
  std::vector<Bounds> bounds_;
};

}  // namespace calve::table
