#pragma once

/// \file model/payload_column_internal.h
/// The columns that flatten fills: a typed one for each contracted member of the payload.

#include <memory>
#include <string_view>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"

namespace calve::model {

/// The Arrow type of a contracted column.
std::shared_ptr<arrow::DataType> ArrowTypeOf(const contract::ColumnType& type);

/// A column under construction. A row's value is staged first and appended once the whole
/// row is known to keep the contract.
class PayloadColumn {
 public:
  /// \param rows  room for so many is made at once
  static Result<std::unique_ptr<PayloadColumn>> Make(const contract::Column& column,
                                                     int64_t rows);
  PayloadColumn(const PayloadColumn&) = delete;
  PayloadColumn& operator=(const PayloadColumn&) = delete;
  PayloadColumn(PayloadColumn&&) = delete;
  PayloadColumn& operator=(PayloadColumn&&) = delete;
  virtual ~PayloadColumn() = default;

  /// Casts the text and stages its value. \return whether it is in the grammar
  /// \param text  of a varchar column, valid until Append
  virtual bool Stage(std::string_view text) = 0;
  /// Whether the staged value is among the contract's accepted values; true if it has
  /// none. An accepted value that is not in the type's grammar equals nothing.
  virtual bool IsAccepted() const = 0;
  /// Appends the staged value.
  virtual Status Append() = 0;
  virtual Status AppendNull() = 0;
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;

 protected:
  PayloadColumn() = default;
};

}  // namespace calve::model
