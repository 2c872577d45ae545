#include <algorithm>
#include <memory>
#include <utility>

#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "table/data/parquet_literal.h"
#include "table/scan/filter.h"
#include "table/scan/parquet_source.h"

namespace calve::table {
namespace {

/// A filter on a column of the file.
struct ChunkFilter {
  const ColumnFilter* filter;
  int leaf;
  Type type;
};

const Literal& AnyLiteralOf(const ColumnFilter& filter) {
  if (filter.lower) {
    return *filter.lower;
  }
  return filter.upper ? *filter.upper : filter.values.front();
}

Type LongLike(const parquet::LogicalType& logical) {
  if (logical.is_timestamp()) {
    return TypeOf(TypeId::kTimestamp);
  }
  return TypeOf(logical.is_time() ? TypeId::kTime : TypeId::kLong);
}

/// The table's type that the filter's literals and the file's column are both of, as far
/// as order matters: the filter itself does not say.
Type TypeOfFilter(const Literal& literal, const parquet::ColumnDescriptor& column) {
  const parquet::LogicalType& logical = *column.logical_type();
  if (std::holds_alternative<bool>(literal)) {
    return TypeOf(TypeId::kBoolean);
  }
  if (std::holds_alternative<int32_t>(literal)) {
    return TypeOf(logical.is_date() ? TypeId::kDate : TypeId::kInt);
  }
  if (std::holds_alternative<int64_t>(literal)) {
    return LongLike(logical);
  }
  if (std::holds_alternative<float>(literal)) {
    return TypeOf(TypeId::kFloat);
  }
  if (std::holds_alternative<double>(literal)) {
    return TypeOf(TypeId::kDouble);
  }
  if (std::holds_alternative<Decimal>(literal)) {
    return DecimalType(column.type_precision(), column.type_scale());
  }
  const bool fixed = column.physical_type() == parquet::Type::FIXED_LEN_BYTE_ARRAY;
  return TypeOf(fixed ? TypeId::kFixed : TypeId::kString);
}

std::vector<ChunkFilter> ChunkFilters(const ParquetSource& source,
                                      const ColumnMap& columns,
                                      const std::vector<ColumnFilter>& filters) {
  std::vector<ChunkFilter> found;
  for (const ColumnFilter& filter : filters) {
    const MappedColumn column = columns.Find(filter.column, /*name=*/nullptr);
    if (!IsSelective(filter) || column.leaves.size() != 1) {
      continue;
    }
    const parquet::ColumnDescriptor& descriptor =
        *source.footer().schema()->Column(column.leaves.front());
    if (descriptor.max_repetition_level() == 0) {
      found.push_back({.filter = &filter,
                       .leaf = column.leaves.front(),
                       .type = TypeOfFilter(AnyLiteralOf(filter), descriptor)});
    }
  }
  return found;
}

bool GroupMayMatch(const parquet::FileMetaData& footer, int group,
                   const std::vector<ChunkFilter>& filters) {
  const auto metadata = footer.RowGroup(group);
  return std::ranges::all_of(filters, [&](const ChunkFilter& chunk_filter) {
    const auto chunk = metadata->ColumnChunk(chunk_filter.leaf);
    ChunkBounds bounds =
        BoundsOf(*chunk, *footer.schema()->Column(chunk_filter.leaf), chunk_filter.type);
    const bool all_null =
        bounds.null_count == metadata->num_rows() && metadata->num_rows() > 0;
    return !all_null &&
           MayMatch(*chunk_filter.filter,
                    {.lower = std::move(bounds.lower), .upper = std::move(bounds.upper)});
  });
}

bool HasPosition(const std::vector<int64_t>& positions, const RowGroupRange& range) {
  const auto first = std::ranges::lower_bound(positions, range.first_row);
  return first != positions.end() && *first < range.first_row + range.rows;
}

}  // namespace

std::vector<RowGroupRange> SelectRowGroups(
    const ParquetSource& source, const ColumnMap& columns,
    const std::vector<ColumnFilter>& filters,
    const std::optional<std::vector<int64_t>>& positions) {
  const parquet::FileMetaData& footer = source.footer();
  const std::vector<ChunkFilter> chunk_filters = ChunkFilters(source, columns, filters);
  std::vector<RowGroupRange> selected;
  int64_t first_row = 0;
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const RowGroupRange range{.index = group,
                              .first_row = first_row,
                              .rows = footer.RowGroup(group)->num_rows()};
    first_row += range.rows;
    const bool wanted = range.rows > 0 && (!positions || HasPosition(*positions, range));
    if (wanted && GroupMayMatch(footer, group, chunk_filters)) {
      selected.push_back(range);
    }
  }
  return selected;
}

}  // namespace calve::table
