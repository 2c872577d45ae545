#pragma once

/// \file landing/csv_writer.h
/// Events as CSV, by PostgreSQL's own rules (what `COPY … TO … (FORMAT csv, HEADER)`
/// writes in UTC): NULL is empty and unquoted, the empty text is `""`, quotes only where
/// they are needed, doubled inside, lines end in LF, timestamps as
/// FormatPostgresTimestamp().

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "core/timestamp.h"

namespace calve::landing {

/// Encodes events into a buffer that the caller empties. Not thread-safe.
class CsvWriter {
 public:
  /// Where Append stops.
  struct Limit {
    int64_t rows;   // that it appends
    int64_t bytes;  // that bytes() holds; the header and a first row may pass it
  };

  /// Starts with the header line in bytes().
  CsvWriter();

  /// Appends rows of `batch` from `first_row` on, until the batch or a limit ends.
  ///
  /// \param batch  of EventSchema()
  /// \param has_rows  whether the file has rows already: if not, the first row is
  ///        appended however long it is
  /// \return the rows appended, or kInvalidArgument if the batch has other columns
  Result<int64_t> Append(const arrow::RecordBatch& batch, int64_t first_row, Limit limit,
                         bool has_rows);

  /// Appends a row but for its raw_data, which follows in pieces, and then EndLongRow.
  ///
  /// \param row  of EventSchema(), one row; its raw_data is not looked at
  /// \param quoted  whether the raw_data holds a comma, a quote or a line break
  /// \return kInvalidArgument if `row` has other columns
  Status BeginLongRow(const arrow::RecordBatch& row, bool quoted);
  /// Requires: BeginLongRow. `piece` may be cut anywhere.
  void AppendPiece(std::string_view piece);
  void EndLongRow(bool quoted);

  /// Takes back what was encoded behind the first `size` bytes() since the last Clear().
  void Truncate(size_t size) { used_ = size; }

  /// What was encoded since the last Clear(). Valid until the next call.
  std::string_view bytes() const { return {buffer_.data(), used_}; }
  void Clear() { used_ = 0; }

 private:
  char* Room(size_t bytes);
  void AppendRow(const arrow::ArrayVector& columns, int64_t row);
  void AppendFields(const arrow::ArrayVector& columns, int64_t row, int count);
  void AppendText(std::string_view text);
  void AppendTimestamp(TimestampUs time);
  void AppendByte(char byte);

  std::vector<char> buffer_;  // the first used_ bytes count
  size_t used_ = 0;
  // The date of the last timestamp: most events share it with their neighbour.
  int64_t cached_day_ = INT64_MIN;
  std::array<char, 10> cached_date_{};
};

}  // namespace calve::landing
