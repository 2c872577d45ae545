#pragma once

/// \file flow/verify_print.h
/// Rows as `verify` compares them: who they are, and a hash of every cell. Nothing here
/// is shared with the steps that wrote the tables.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"

namespace calve::flow {

/// What is known of a row beyond its cells.
enum PrintFlag : uint8_t {
  kBeyondCut = 1,  // an event that the extractions so far need not have seen
  kDelete = 2,     // an event that deletes its key
  kBroken = 4,     // an event that breaks its contract: only its key counts
};

/// A row, as far as a comparison needs it.
struct RowPrint {
  std::string key;  // as people read it, `order_id=7`; empty for a row that is an event
  int64_t event_id = 0;
  int64_t time_us = 0;  // audit_timestamp; 0 where the table has none
  uint8_t flags = 0;
  /// A hash for each of the layout's columns, then one of all others; 0: null.
  std::vector<uint64_t> cells;

  bool Is(PrintFlag flag) const { return (flags & flag) != 0; }
};

/// A sum over rows of this tells a set of rows from another.
uint64_t Checksum(const RowPrint& print);

/// The hash of a cell. Equal in columns of the same name for equal values, whatever the
/// width of the type.
uint64_t NullCell();
uint64_t IntegerCell(std::string_view column, int64_t value);
uint64_t TextCell(std::string_view column, std::string_view value);

/// The columns that a comparison looks at, in the order of RowPrint::cells.
struct PrintLayout {
  std::vector<std::string> columns;
  /// Neither hashed nor named: what is not a function of the events.
  std::vector<std::string> left_out;
  std::vector<std::string> key;  // columns; empty: a row is an event

  /// The name of a cell; the last one stands for columns that are not in the layout.
  std::string CellName(size_t cell) const;
};

/// Prints every row of a batch, in order. Columns of the batch that the layout does not
/// name count too, all of them in the last cell.
///
/// \param batch  with `audit_event_id` and, where it has one, `audit_timestamp`
/// \param visit  may move from the print
Status PrintRows(const arrow::RecordBatch& batch, const PrintLayout& layout,
                 const std::function<Status(RowPrint& print, int64_t row)>& visit);

/// The key of a row as text, one-to-one.
std::string KeyText(const arrow::RecordBatch& batch,
                    const std::vector<std::string>& columns, int64_t row);

}  // namespace calve::flow
