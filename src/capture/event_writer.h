#pragma once

/// \file capture/event_writer.h
/// Fills an audit table: for the loader, the demo and the tests.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

/// One row of the audit table but for its id, as text; nullopt is NULL. Borrows.
struct AuditRow {
  std::optional<std::string_view> operation;
  std::optional<std::string_view> timestamp;  // without an offset it is UTC
  std::optional<std::string_view> table_schema;
  std::optional<std::string_view> table_name;
  std::optional<std::string_view> raw_data;
};

/// Inserts rows by COPY, one transaction per batch; the server gives the ids, ascending
/// in the order of the rows. Memory is a few megabytes, however large a batch. A writer
/// that is dropped before Finish leaves its last batch uncommitted and the connection in
/// a transaction: close it. Not thread-safe.
class EventWriter {
 public:
  /// \param connection  not in a transaction, and used by nobody else until the last
  ///                    batch is written; outlives the writer
  /// \param batch_rows  rows per transaction; at least 1
  /// \return the writer; kInvalidArgument for another number of rows, or Connection's
  /// errors
  static Result<EventWriter> Make(postgres::Connection& connection, const TableRef& table,
                                  int64_t batch_rows);

  /// Adds a row.
  ///
  /// \return Connection's errors (kInvalidArgument if the table refuses a row's value;
  ///         none of the batch is then inserted), or kCommitUnknown if the connection is
  ///         lost while a batch commits. After an Error the writer is of no use.
  Status Write(const AuditRow& row);

  /// Commits the last batch; Write's errors.
  Status Finish();

  /// Rows committed so far.
  int64_t committed_rows() const { return committed_rows_; }

 private:
  EventWriter(postgres::Connection& connection, std::string copy_sql, int64_t batch_rows)
      : connection_(&connection),
        copy_sql_(std::move(copy_sql)),
        batch_rows_(batch_rows) {}

  Status Send();
  Status Commit();

  postgres::Connection* connection_;
  std::string copy_sql_;
  int64_t batch_rows_;
  int64_t rows_ = 0;  // of the open batch
  int64_t committed_rows_ = 0;
  bool in_transaction_ = false;
  std::string buffer_;  // rows of the open batch that are not sent yet
};

}  // namespace calve::capture
