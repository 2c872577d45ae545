#pragma once

/// \file table/catalog/sqlite_connection_internal.h
/// SQLite's handles and error codes, wrapped. Not thread-safe.

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sqlite3.h>

#include "core/result.h"

namespace calve::table {

/// A row's values as text; nullopt is NULL.
using SqliteRow = std::vector<std::optional<std::string>>;

/// A value to bind: text, or nullopt for NULL.
using SqliteValue = std::optional<std::string_view>;

/// An open database.
class SqliteConnection {
 public:
  /// Opens or creates the file. Waits up to `busy_timeout_ms` for locks of others.
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path,
                                                        int busy_timeout_ms);

  /// Runs one statement with its parameters bound in order; returns all its rows.
  ///
  /// \return kUnavailable: locked by another process, disk full, I/O error; kCorrupt: not
  ///         a database, or a damaged one; kConflict: a row breaks a key; else kInternal
  Result<std::vector<SqliteRow>> Run(const std::string& sql,
                                     std::initializer_list<SqliteValue> parameters = {});

  /// Rows that the latest INSERT, UPDATE or DELETE touched.
  int changes() const { return sqlite3_changes(handle_.get()); }

  /// Whether a transaction is open.
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

  /// The latest failure was a lock held by someone else: nothing has happened.
  bool was_busy() const { return (sqlite3_errcode(handle_.get()) & 0xFF) == SQLITE_BUSY; }

 private:
  struct Closer {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };

  explicit SqliteConnection(std::string path) : path_(std::move(path)) {}
  Error LastError() const;

  std::string path_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

/// Rolls back in its destructor what was not committed.
class SqliteTransaction {
 public:
  /// Takes the write lock at once, so that a transaction never fails halfway.
  static Result<std::unique_ptr<SqliteTransaction>> Begin(SqliteConnection& connection);
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction();

  /// \return kUnavailable if others' locks prevented it: rolled back. kCommitUnknown for
  ///         any other failure: bytes may have reached the disk
  Status Commit();

 private:
  explicit SqliteTransaction(SqliteConnection& connection) : connection_(connection) {}
  SqliteConnection& connection_;  // Outlives this object.
};

}  // namespace calve::table
