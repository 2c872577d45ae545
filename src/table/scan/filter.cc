#include "table/scan/filter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "table/schema/literal_access.h"

namespace calve::table {
namespace {

/// Orders values; zeros of either sign are equal, as other engines see them. Values that
/// can't be compared are not below each other, which prunes nothing.
bool Below(const Literal& a, const Literal& b) {
  if (a.index() != b.index()) {
    return false;
  }
  if (const auto* number = std::get_if<float>(&a)) {
    return *number < *std::get_if<float>(&b);
  }
  if (const auto* number = std::get_if<double>(&a)) {
    return *number < *std::get_if<double>(&b);
  }
  return Compare(a, b) < 0;
}

std::vector<Literal> LiteralsOf(const ColumnFilter& filter) {
  std::vector<Literal> literals = filter.values;
  if (filter.lower) {
    literals.push_back(*filter.lower);
  }
  if (filter.upper) {
    literals.push_back(*filter.upper);
  }
  return literals;
}

Status CheckFilter(const ColumnFilter& filter) {
  const std::vector<Literal> literals = LiteralsOf(filter);
  for (const Literal& literal : literals) {
    if (IsNan(literal) || literal.index() != literals.front().index()) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("filter with a NaN or with values of several types, "
                               "on the column with id {}",
                               filter.column.value)};
    }
  }
  if (!std::ranges::is_sorted(filter.values, Below)) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("a filter's values must ascend, on the column with id {}",
                             filter.column.value)};
  }
  return {};
}

size_t AlternativeOf(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return Literal(false).index();
    case TypeId::kInt:
    case TypeId::kDate:
      return Literal(int32_t{0}).index();
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return Literal(int64_t{0}).index();
    case TypeId::kFloat:
      return Literal(0.0F).index();
    case TypeId::kDouble:
      return Literal(0.0).index();
    case TypeId::kDecimal:
      return Literal(Decimal{}).index();
    default:
      return Literal(std::string()).index();
  }
}

/// Whether `transform` never falls as its argument rises, for all values that a filter
/// lets through.
bool KeepsOrder(const ColumnFilter& filter, const Type& source,
                const Transform& transform) {
  switch (transform.kind) {
    case TransformKind::kIdentity:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour:
      return true;
    case TransformKind::kTruncate:
      break;
    default:
      return false;
  }
  if (source.id == TypeId::kString || source.id == TypeId::kBinary) {
    return true;
  }
  // Truncating numbers near the least one wraps around to the greatest.
  return filter.lower &&
         !Below(*filter.lower, *ApplyTransform(transform, source, filter.lower));
}

std::vector<Literal> TransformedValues(const ColumnFilter& filter, const Type& source,
                                       const Transform& transform) {
  std::vector<Literal> values;
  for (const Literal& value : filter.values) {
    values.push_back(*ApplyTransform(transform, source, value));
  }
  std::ranges::sort(values, Below);
  return values;
}

}  // namespace

Status CheckFilters(const std::vector<ColumnFilter>& filters) {
  for (const ColumnFilter& filter : filters) {
    CALVE_TRY(CheckFilter(filter));
  }
  return {};
}

bool FitsType(const ColumnFilter& filter, const Type& type) {
  return !type.is_nested() &&
         std::ranges::all_of(LiteralsOf(filter), [&](const Literal& literal) {
           return literal.index() == AlternativeOf(type);
         });
}

bool IsSelective(const ColumnFilter& filter) {
  return filter.lower || filter.upper || !filter.values.empty();
}

bool MayMatch(const ColumnFilter& filter, const ValueRange& range) {
  if (filter.lower && range.upper && Below(*range.upper, *filter.lower)) {
    return false;
  }
  if (filter.upper && range.lower && Below(*filter.upper, *range.lower)) {
    return false;
  }
  if (filter.values.empty()) {
    return true;
  }
  const auto first = range.lower
                         ? std::ranges::lower_bound(filter.values, *range.lower, Below)
                         : filter.values.begin();
  return first != filter.values.end() && !(range.upper && Below(*range.upper, *first));
}

std::optional<ColumnFilter> ProjectFilter(const ColumnFilter& filter, const Type& source,
                                          const Transform& transform) {
  if (!IsSelective(filter) || transform.kind == TransformKind::kVoid) {
    return std::nullopt;
  }
  ColumnFilter projected;
  projected.column = filter.column;
  projected.values = TransformedValues(filter, source, transform);
  if (KeepsOrder(filter, source, transform)) {
    projected.lower = ApplyTransform(transform, source, filter.lower);
    projected.upper = ApplyTransform(transform, source, filter.upper);
  }
  return IsSelective(projected) ? std::optional(std::move(projected)) : std::nullopt;
}

}  // namespace calve::table
