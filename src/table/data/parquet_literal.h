#pragma once

/// \file table/data/parquet_literal.h
/// Single values out of Parquet statistics. Include in .cc files of table/ only.

#include <optional>
#include <string_view>

#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "table/schema/literal.h"
#include "table/schema/type.h"

namespace calve::table {

/// Least and greatest value of a column chunk, as values of a table's type. A side that
/// Parquet does not tell, or tells in a way that cannot be trusted, is nullopt.
struct ChunkBounds {
  std::optional<Literal> lower;
  std::optional<Literal> upper;
  std::optional<int64_t> null_count;
};

/// The bounds of one column chunk for a column of `type`; all unset if the file's type is
/// not `type` or one that widens to it with the same order (another unit, unsigned).
/// May throw as Parquet does: call it in a guard.
ChunkBounds BoundsOf(const parquet::ColumnChunkMetaData& chunk,
                     const parquet::ColumnDescriptor& column, const Type& type);

}  // namespace calve::table
