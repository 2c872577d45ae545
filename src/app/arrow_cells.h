#pragma once

/// \file app/arrow_cells.h
/// Values of Arrow arrays as cells of answers.

#include <cstdint>

#include <arrow/type_fwd.h>

#include "app/console/document.h"
#include "core/result.h"
#include "table/schema/literal.h"

namespace calve::app {

/// The value of a row; dates, times and decimals as text, binary as hex, a nested value
/// as Arrow prints it. Requires: the row is within the array.
Cell CellAt(const arrow::Array& array, int64_t row);

/// Reads a value of a primitive type from text, as `row` takes keys.
/// \return kInvalidArgument: a part of a sentence ("is no integer"); kUnsupported for
/// types
///         that cannot be keys
Result<table::Literal> LiteralFromText(const table::Type& type, const std::string& text);

/// The cell that CellAt gives for this value.
Cell CellOf(const table::Type& type, const table::Literal& value);

}  // namespace calve::app
