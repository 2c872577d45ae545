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
  std::string warehouse;  // location, no trailing slash
  int busy_timeout_ms = 10'000;  // how long to wait for another process's write lock
};

/// Opens or makes the catalog. A commit is one IMMEDIATE transaction, synced before it
/// returns. \return kUnavailable if the file cannot be opened or stays locked, kCorrupt
/// if it is no
///         database or has other columns
Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(SqliteCatalogOptions options);

}  // namespace calve::table
