#pragma once

/// \file table/catalog/postgres_catalog.h
/// A catalog in a PostgreSQL database, in the layout of Iceberg Java's JdbcCatalog:
/// Trino's JDBC catalog, PyIceberg's SqlCatalog and we share it while all of us write.

#include <chrono>
#include <memory>
#include <string>

#include "table/catalog/catalog.h"

namespace calve::table {

struct PostgresCatalogOptions {
  std::string dsn = {};        // libpq's connection string or URI
  std::string user = {};       // wins over the connection string's
  std::string password = {};   // likewise
  std::string name = {};       // the catalog's name, which the layout keeps in every row
  std::string warehouse = {};  // location; a trailing slash is cut off

  /// Longest wait for a row that another transaction has locked.
  std::chrono::milliseconds lock_timeout{10'000};
  /// Longest work of the server on one statement, waiting for locks included.
  std::chrono::milliseconds statement_timeout{30'000};
  /// Longest silence of the server, or of the network on the way to it.
  std::chrono::milliseconds reply_timeout{45'000};
  /// How long a commit whose reply was lost is looked for before it is kCommitUnknown.
  std::chrono::milliseconds settle_timeout{15'000};
};

/// Connects, and makes the catalog's two tables where they are not there: in the schema
/// of the search path that has them, else in its first. Tables in the older layout,
/// without `iceberg_type`, stay as they are. Views are left alone.
///
/// A commit is one transaction that compares and swaps each pointer, in the order of the
/// tables' names. Whoever comes second to a table waits, and conflicts. Deadlocks with
/// other programs are tried again. When the connection is lost before COMMIT is sent,
/// nothing has happened (kUnavailable); when it is lost behind, the transaction's fate is
/// asked for on a new connection: it is kCommitUnknown only if that can't tell.
/// A session that died while idle is replaced without a word.
///
/// \return kUnavailable if the server can't be reached; kInvalidArgument, with the
/// remedy,
///         for a refused login, a missing database, or one where the role may not create
///         the tables; kUnsupported for a server before 13; kCorrupt if tables of these
///         names have other columns
Result<std::unique_ptr<Catalog>> OpenPostgresCatalog(PostgresCatalogOptions options);

}  // namespace calve::table
