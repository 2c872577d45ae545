#pragma once

/// \file capture/connection.h
/// A connection to PostgreSQL. Messages of errors are the server's or libpq's own, never
/// with a password in them.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

struct pg_conn;
struct pg_result;

namespace calve::capture {

/// What a query returned, as text. A value that can only be moved.
class Rows {
 public:
  explicit Rows(pg_result* result);
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&&) = delete;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  int size() const;
  bool is_null(int row, int column) const;
  /// Empty for NULL. Valid as long as these rows.
  std::string_view text(int row, int column) const;
  /// nullopt for NULL.
  std::optional<std::string> value(int row, int column) const;
  /// The value as a 64-bit whole number; 0 if it is none.
  int64_t number(int row, int column) const;

 private:
  pg_result* result_;
};

using Parameters = std::vector<std::optional<std::string>>;

/// One session. Not thread-safe; PQ* environment and service files are honoured.
///
/// Errors by what the server says: kUnavailable (lost or refused connections, too many
/// of them, shutdown, lock timeouts), kConflict (serialization, deadlock),
/// kInvalidArgument (authentication, privileges, names and types that do not exist),
/// kInternal for any other.
class Connection {
 public:
  /// Opens a session in UTC, UTF-8 and ISO dates, with nothing in its search path but
  /// pg_catalog, and row security that fails rather than hides rows.
  ///
  /// \param dsn  connection string or URI
  static Result<std::unique_ptr<Connection>> Open(const std::string& dsn);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Runs statements that take no parameters, several at once if parted by `;`. Rows are
  /// dropped.
  Status Execute(const std::string& sql);

  /// Runs one statement; `$1` … are bound, never pasted.
  Result<Rows> Query(const std::string& sql, const Parameters& parameters = {});

  /// As Query, but values come in PostgreSQL's binary format: text and bytea as they are.
  Result<Rows> QueryBinary(const std::string& sql);

  /// Quotes a name for SQL; kInvalidArgument if it is not valid text.
  Result<std::string> QuoteName(const std::string& name);

  /// Starts `COPY … TO STDOUT`.
  Status StartCopyOut(const std::string& sql);

  /// The next piece of the copy, valid until the next call; nullopt at its end.
  Result<std::optional<std::string_view>> NextCopyData();

  /// Runs `COPY … FROM STDIN` with these bytes, whole.
  Status CopyIn(const std::string& sql, std::string_view bytes);

 private:
  explicit Connection(pg_conn* connection) : connection_(connection) {}
  Result<Rows> RunQuery(const std::string& sql, const Parameters& parameters,
                        int result_format);
  Status Check(pg_result* result, int expected_status);
  Error LastError(const pg_result* result) const;
  void DropCopyData();

  pg_conn* connection_;
  char* copy_data_ = nullptr;
};

/// `schema.table`, or a table in `public`. Names are taken as they are, in double quotes
/// too (`"My Schema"."a.b"`).
struct TableRef {
  std::string schema;
  std::string name;
};

/// kInvalidArgument if the text is no name of a table.
Result<TableRef> ParseTableRef(std::string_view text);

}  // namespace calve::capture
