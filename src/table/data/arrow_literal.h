#pragma once

/// \file table/data/arrow_literal.h
/// Single values out of Arrow arrays. Include in .cc files of table/ only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "table/schema/literal.h"
#include "table/schema/type.h"

namespace calve::table {

/// The value at `row`, or nullopt for null. Requires: `type` is primitive and the array
/// has its Arrow type (ToArrow).
std::optional<Literal> LiteralAt(const arrow::Array& array, const Type& type,
                                 int64_t row);

/// An array of `rows` equal values, of the type's Arrow form. Requires: the literal is
/// one of `type`, of its length (fixed, uuid).
Result<std::shared_ptr<arrow::Array>> Repeated(const Type& type, const Literal& literal,
                                               int64_t rows);

/// Looks at the values of an array as bytes, to tell equal ones apart from others
/// cheaply. Borrows the array.
class ValueBytes {
 public:
  /// \return the view, or nullopt for a layout without whole bytes per value (boolean,
  /// nested)
  static std::optional<ValueBytes> Of(const arrow::Array& array);

  /// The bytes of a value that is not null.
  std::string_view At(int64_t row) const;

 private:
  const char* values_ = nullptr;      // first value of the array
  const int32_t* offsets_ = nullptr;  // null: fixed width
  int64_t width_bytes_ = 0;
};

}  // namespace calve::table
