#pragma once

/// \file table/catalog/sqlite_catalog.h
/// A catalog in an SQLite file, in the layout of PyIceberg's SqlCatalog (tables
/// `iceberg_tables` and `iceberg_namespace_properties`), which can open it as it is.

#include <memory>
#include <string>

#include "table/catalog/catalog.h"

namespace calve::table {

struct SqliteCatalogOptions {
  std::string path;       // of the database file; made with its tables if it is not there
  std::string name;       // the catalog's name, which the layout keeps in every row
  std::string warehouse;  // location; a trailing slash is cut off
  int busy_timeout_ms = 10'000;  // how long to wait for another process's write lock
};

/// Opens or makes the catalog; its folder, too. Databases that PyIceberg made are taken
/// as they are, with and without the column `iceberg_type`; views are left alone.
///
/// A commit is one IMMEDIATE transaction, synced before it returns. A database made here
/// is in WAL mode, so that readers (PyIceberg, the shell) and a writer never wait for
/// each other; one that exists keeps its mode. Back up with `.backup`, or copy the file
/// when no process has it open.
///
/// \return kUnavailable if the file cannot be opened or stays locked, kCorrupt if it is
///         no database or its tables have other columns
Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(SqliteCatalogOptions options);

}  // namespace calve::table
