#pragma once

/// \file io/postgres/connection.h
/// A connection to PostgreSQL. Messages of errors are the server's or libpq's own, never
/// with a password in them.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

struct pg_conn;
struct pg_result;

namespace calve::postgres {

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
  /// What the server says it did: `COMMIT`, `ROLLBACK`, `UPDATE 1`.
  std::string_view command() const;

 private:
  pg_result* result_;
};

using Parameters = std::vector<std::optional<std::string>>;

/// How to connect.
struct ConnectOptions {
  std::string dsn;  // connection string or URI; what it says wins over the defaults here
  std::string user = {};      // wins over the connection string's
  std::string password = {};  // likewise
  /// Longest wait for the reply to one statement; 0: as long as it takes. A session whose
  /// reply did not come is lost.
  std::chrono::milliseconds reply_timeout{0};
  /// Leaves the search path as role and database have it.
  bool keeps_search_path = false;
};

/// What a session is connected to; no password.
struct Endpoint {
  std::string host;  // or the folder of the server's socket
  std::string port;
  std::string database;
  std::string user;
};

/// One session. Not thread-safe; PQ* environment and service files are honoured.
///
/// Errors by what the server says: kUnavailable (lost or refused connections, too many
/// of them, shutdown, timeouts, a server that is read-only), kConflict (serialization,
/// deadlock), kInvalidArgument (authentication, privileges, names and types that do not
/// exist), kInternal for any other.
class Connection {
 public:
  /// Opens a session in UTC, UTF-8 and ISO dates, with nothing in its search path but
  /// pg_catalog, and row security that fails rather than hides rows.
  ///
  /// \param dsn  connection string or URI
  static Result<std::unique_ptr<Connection>> Open(const std::string& dsn) {
    return Open(ConnectOptions{.dsn = dsn});
  }
  static Result<std::unique_ptr<Connection>> Open(const ConnectOptions& options);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Runs statements that take no parameters, several at once if parted by `;`. Rows are
  /// dropped.
  Status Execute(const std::string& sql);

  /// Runs one statement; `$1` … are bound, never pasted. kInvalidArgument for a parameter
  /// with a zero byte, which PostgreSQL cannot hold.
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

  /// Whether the session is over: nothing will come of it any more.
  bool is_lost() const;

  /// Whether a transaction is open that the server has given up: it can only roll back.
  bool in_failed_transaction() const;

  /// 150004 for 15.4.
  int server_version() const;

  Endpoint endpoint() const;

 private:
  explicit Connection(pg_conn* connection) : connection_(connection) {}
  bool AwaitReply(std::chrono::steady_clock::time_point deadline);
  pg_result* Finish(bool sent);
  Result<Rows> RunQuery(const std::string& sql, const Parameters& parameters,
                        int result_format);
  Status Check(pg_result* result, int expected_status);
  Error LastError(const pg_result* result) const;
  void DropCopyData();

  pg_conn* connection_;
  std::chrono::milliseconds reply_timeout_{0};
  bool timed_out_ = false;
  char* copy_data_ = nullptr;
};

}  // namespace calve::postgres
