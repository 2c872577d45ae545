#pragma once

/// \file table/catalog/postgres_session_internal.h
/// A connection to the catalog's database that knows where its tables are.

#include <memory>
#include <string>

#include "core/result.h"
#include "io/postgres/connection.h"
#include "table/catalog/postgres_catalog.h"

namespace calve::table {

/// A session with its timeouts set. The names are quoted, with their schema.
struct PostgresSession {
  std::unique_ptr<postgres::Connection> connection;
  std::string tables;  // "public"."iceberg_tables"
  std::string spaces;  // "public"."iceberg_namespace_properties"
  bool has_type = false;

  /// The condition that leaves out views.
  const char* only_tables() const;
};

/// Connects and finds the catalog's tables, or makes them. Errors as OpenPostgresCatalog.
Result<std::unique_ptr<PostgresSession>> OpenPostgresSession(
    const PostgresCatalogOptions& options);

}  // namespace calve::table
