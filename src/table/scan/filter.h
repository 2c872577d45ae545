#pragma once

/// \file table/scan/filter.h
/// What conditions on columns say about ranges of values and about partitions.

#include <optional>
#include <vector>

#include "core/result.h"
#include "table/scan/scan.h"
#include "table/schema/partition.h"

namespace calve::table {

/// Least and greatest of some values, nulls and NaNs left out. A side that is not known
/// is nullopt.
struct ValueRange {
  std::optional<Literal> lower;
  std::optional<Literal> upper;
};

/// \return kInvalidArgument: a NaN, values not ascending, or literals of different types
Status CheckFilters(const std::vector<ColumnFilter>& filters);

/// Whether the filter's literals are what a column of `type` holds.
bool FitsType(const ColumnFilter& filter, const Type& type);

/// Whether the filter leaves anything out: one without bounds and values keeps all rows,
/// any other drops nulls and NaNs.
bool IsSelective(const ColumnFilter& filter);

/// Whether a value in the range may match; true where that is not known.
/// Requires: the filter is checked, and of the range's type.
bool MayMatch(const ColumnFilter& filter, const ValueRange& range);

/// The filter's condition on the values of a partition field: every row that matches the
/// filter has a partition value that matches the result. \return nullopt if the
/// transform tells nothing
std::optional<ColumnFilter> ProjectFilter(const ColumnFilter& filter, const Type& source,
                                          const Transform& transform);

}  // namespace calve::table
