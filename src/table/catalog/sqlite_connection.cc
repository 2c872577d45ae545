#include "table/catalog/sqlite_connection_internal.h"

namespace calve::table {
namespace {

struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalizer>;

ErrorKind KindOfCode(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
      return ErrorKind::kUnavailable;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return ErrorKind::kCorrupt;
    case SQLITE_CONSTRAINT:
      return ErrorKind::kConflict;
    default:
      return ErrorKind::kInternal;
  }
}

int Bind(sqlite3_stmt* statement, int index, const SqliteValue& value) {
  if (!value.has_value()) {
    return sqlite3_bind_null(statement, index);
  }
  // The caller's bytes outlive the statement.
  return sqlite3_bind_text64(statement, index, value->data(), value->size(),
                             SQLITE_STATIC, SQLITE_UTF8);
}

SqliteRow ReadRow(sqlite3_stmt* statement) {
  SqliteRow row;
  const int columns = sqlite3_column_count(statement);
  row.reserve(static_cast<size_t>(columns));
  for (int column = 0; column < columns; ++column) {
    // Bytes after the pointer: sqlite3_column_text may convert the value.
    const void* bytes = sqlite3_column_text(statement, column);
    if (bytes == nullptr) {
      row.emplace_back(std::nullopt);
      continue;
    }
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
    row.emplace_back(std::string(static_cast<const char*>(bytes), size));
  }
  return row;
}

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path,
                                                                 int busy_timeout_ms) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(path));
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  connection->handle_.reset(handle);
  if (handle == nullptr) {
    return Error{ErrorKind::kUnavailable, "no memory to open the catalog " + path};
  }
  if (code != SQLITE_OK) {
    return connection->LastError();
  }
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  return connection;
}

Result<std::vector<SqliteRow>> SqliteConnection::Run(
    const std::string& sql, std::initializer_list<SqliteValue> parameters) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw,
                         nullptr) != SQLITE_OK) {
    return LastError();
  }
  const Statement statement(raw);
  int index = 0;
  for (const SqliteValue& parameter : parameters) {
    if (Bind(raw, ++index, parameter) != SQLITE_OK) {
      return LastError();
    }
  }
  std::vector<SqliteRow> rows;
  int code = sqlite3_step(raw);
  for (; code == SQLITE_ROW; code = sqlite3_step(raw)) {
    rows.push_back(ReadRow(raw));
  }
  if (code != SQLITE_DONE) {
    return LastError();
  }
  return rows;
}

Error SqliteConnection::LastError() const {
  const int code = sqlite3_extended_errcode(handle_.get());
  if ((code & 0xFF) == SQLITE_BUSY || (code & 0xFF) == SQLITE_LOCKED) {
    return Error{ErrorKind::kUnavailable,
                 "the catalog is locked by another process: " + path_};
  }
  return Error{KindOfCode(code), "the catalog cannot be used: " +
                                     std::string(sqlite3_errmsg(handle_.get())) + ": " +
                                     path_};
}

Result<std::unique_ptr<SqliteTransaction>> SqliteTransaction::Begin(
    SqliteConnection& connection) {
  CALVE_TRY(connection.Run("BEGIN IMMEDIATE"));
  return std::unique_ptr<SqliteTransaction>(new SqliteTransaction(connection));
}

SqliteTransaction::~SqliteTransaction() {
  if (connection_.in_transaction()) {
    // A failing rollback leaves the journal to whoever opens the database next.
    (void)connection_.Run("ROLLBACK").has_value();
  }
}

Status SqliteTransaction::Commit() {
  auto committed = connection_.Run("COMMIT");
  if (committed) {
    return {};
  }
  if (connection_.was_busy()) {
    return committed.error();
  }
  return Error{ErrorKind::kCommitUnknown, committed.error().message};
}

}  // namespace calve::table
