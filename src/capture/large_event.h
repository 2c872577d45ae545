#pragma once

/// \file capture/large_event.h
/// Events too large to be held at once: their raw_data is read in pieces. COPY gives a
/// row whole, and libpq holds it twice.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

struct LargeEventLimits {
  /// An event with a longer raw_data, in bytes of the database's encoding, is a large
  /// one.
  int64_t whole_bytes = 4LL << 20;
  int64_t piece_bytes = 4LL << 20;
};

/// The raw_data of one row, front to back, in the bytes that COPY would give. One at a
/// time on a connection; it holds a cursor of the transaction. Not thread-safe.
class PayloadReader {
 public:
  /// \param connection  within a repeatable-read transaction; outlives this
  /// \param table_sql  the table's name in SQL
  /// \param row_sql  the condition, on the table as `t`, that names one row; its raw_data
  ///        is not empty
  /// \return kInternal if there is no such row; Connection's errors
  static Result<std::unique_ptr<PayloadReader>> Open(postgres::Connection& connection,
                                                     const std::string& table_sql,
                                                     const std::string& row_sql,
                                                     int64_t piece_bytes);
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;
  ~PayloadReader();

  /// Of the whole.
  int64_t bytes() const { return bytes_; }
  /// Whether it holds no comma, quote or line break: CSV needs to know before the end.
  bool is_plain() const { return is_plain_; }

  /// The next piece, which may be cut within a character; nullopt at the end. Valid until
  /// the next call.
  Result<std::optional<std::string_view>> NextPiece();

 private:
  PayloadReader(postgres::Connection& connection, postgres::Rows first);

  postgres::Connection& connection_;
  std::optional<postgres::Rows> piece_;
  bool given_ = false;  // piece_ was returned
  int64_t bytes_ = 0;
  bool is_plain_ = false;
};

/// A large event: all of it but its raw_data, and a reader of that.
struct LargeEvent {
  std::shared_ptr<arrow::RecordBatch> row;  // of EventSchema(), one row; raw_data is null
  std::unique_ptr<PayloadReader> raw_data;
};

}  // namespace calve::capture
