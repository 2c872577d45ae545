#pragma once

/// \file flow/value_scan.h
/// Questions about all values of a column, answered in bounded memory.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "io/object_store.h"
#include "table/catalog/catalog.h"

namespace calve::flow {

/// Calls `visit` with all live rows of the table's current snapshot, batch by batch,
/// these columns alone. \return kContractViolation if the table lacks one; visit's errors
Status ScanColumns(io::ObjectStore& store, const table::LoadedTable& table,
                   const std::vector<std::string>& columns,
                   const std::function<Status(const arrow::RecordBatch&)>& visit);

/// A column of a table.
struct ColumnAt {
  const table::LoadedTable& table;  // Outlives this object.
  std::string column;
};

struct ValueFindings {
  int64_t rows = 0;      // looked at, nulls too
  int64_t findings = 0;  // rows
  std::vector<std::string> examples;
};

struct ValueLimits {
  /// What one scan may hold. A value costs 16 bytes, as its 128-bit hash.
  int64_t memory_bytes = 128LL * 1024 * 1024;
  size_t examples = 5;
};

/// Finds the rows whose value is not null and is another row's, too. The values' hashes
/// are sorted and compared; where they need more memory than there is, the column is
/// scanned once for each part of the hashes' range that fits. \return examples are
/// values: `order_id=7`
Result<ValueFindings> FindRepeated(io::ObjectStore& store, const ColumnAt& at,
                                   const ValueLimits& limits);

/// Finds the rows whose value is not null and not in the other column, likewise.
/// \param labels  columns that tell a row: examples are their values
Result<ValueFindings> FindDangling(io::ObjectStore& store, const ColumnAt& from,
                                   const ColumnAt& to,
                                   const std::vector<std::string>& labels,
                                   const ValueLimits& limits);

/// `order_id=7`, or several joined by a comma: the row's values of these columns.
Result<std::string> RowLabel(const arrow::RecordBatch& rows, int64_t row,
                             const std::vector<std::string>& columns);

}  // namespace calve::flow
