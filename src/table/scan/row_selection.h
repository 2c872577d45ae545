#pragma once

/// \file table/scan/row_selection.h
/// Which rows of a file are returned: not deleted, and at the positions asked for.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"

namespace calve::table {

/// Immutable; thread-safe.
class RowSelection {
 public:
  /// \param wanted   ascending positions; nullopt: all
  /// \param deleted  ascending positions
  RowSelection(std::optional<std::vector<int64_t>> wanted, std::vector<int64_t> deleted)
      : wanted_(std::move(wanted)), deleted_(std::move(deleted)) {}

  /// The rows of `batch` that are selected; the batch itself if all are.
  /// \param first_row  the position of the batch's first row in the file
  Result<std::shared_ptr<arrow::RecordBatch>> Apply(
      const std::shared_ptr<arrow::RecordBatch>& batch, int64_t first_row) const;

  /// Whether none of `rows` rows from `first_row` is wanted; deletes are not looked at.
  bool IsUnwanted(int64_t first_row, int64_t rows) const;

 private:
  std::optional<std::vector<int64_t>> wanted_;
  std::vector<int64_t> deleted_;
};

}  // namespace calve::table
