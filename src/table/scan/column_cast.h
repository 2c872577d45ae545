#pragma once

/// \file table/scan/column_cast.h
/// Columns of a file in the types that the table has now. Spec: "Schema Evolution",
/// "Column Projection".

#include <memory>

#include <arrow/type_fwd.h>

#include "core/result.h"

namespace calve::table {

/// Converts a column without changing a value: widened numbers, decimals, times and
/// timestamps of another unit, other layouts of strings, renamed or added parts of
/// nested types (matched by the id in the fields' metadata, by name where the file has
/// none).
///
/// \param is_int96  the file's timestamps are Impala's, which are in UTC without saying
/// \return the column, of exactly `target`'s type; kUnsupported for a conversion that
///         would change values; kCorrupt for values that are not of the type, and nulls
///         in a required column. Messages name the column, not the file
Result<std::shared_ptr<arrow::Array>> CastColumn(
    const std::shared_ptr<arrow::Array>& column, const arrow::Field& target,
    bool is_int96);

/// A column that the file lacks: nulls, or kCorrupt if it is required.
Result<std::shared_ptr<arrow::Array>> MissingColumn(const arrow::Field& target,
                                                    int64_t rows);

}  // namespace calve::table
