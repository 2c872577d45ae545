#pragma once

/// \file model/extra_columns_internal.h
/// Columns for payload members that the contract does not name.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/api.h>

#include "core/result.h"

namespace calve::model {

/// Optional text columns that appear with the first row that has them.
class ExtraColumns {
 public:
  /// Adds a column, null in all rows so far. \return its index
  size_t Add(std::string name);

  /// Appends a value in row `row`, which is after every row that the column has.
  Status Append(size_t column, int64_t row, std::string_view text, bool is_null);

  const std::vector<std::string>& names() const { return names_; }

  /// The columns, each filled up with nulls to `rows`.
  Result<arrow::ArrayVector> Finish(int64_t rows);

 private:
  Status FillUp(size_t column, int64_t rows);

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<arrow::StringBuilder>> builders_;
};

}  // namespace calve::model
