#pragma once

/// \file table/catalog/sql_layout_internal.h
/// The layout of Iceberg's SQL catalogs, as Iceberg Java's JdbcCatalog, Trino and
/// PyIceberg know it. Its older version lacks the column `iceberg_type`; databases in it
/// are taken as they are.

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "table/catalog/catalog.h"

namespace calve::table {

/// What follows `CREATE TABLE IF NOT EXISTS iceberg_tables`.
inline constexpr const char* kDefineTables =
    " (catalog_name VARCHAR(255) NOT NULL, "
    "table_namespace VARCHAR(255) NOT NULL, "
    "table_name VARCHAR(255) NOT NULL, "
    "metadata_location VARCHAR(1000), "
    "previous_metadata_location VARCHAR(1000), "
    "iceberg_type VARCHAR(5), "
    "PRIMARY KEY (catalog_name, table_namespace, table_name))";

/// What follows `CREATE TABLE IF NOT EXISTS iceberg_namespace_properties`.
inline constexpr const char* kDefineNamespaces =
    " (catalog_name VARCHAR(255) NOT NULL, "
    "namespace VARCHAR(255) NOT NULL, "
    "property_key VARCHAR(255) NOT NULL, "
    "property_value VARCHAR(1000) NOT NULL, "
    "PRIMARY KEY (catalog_name, namespace, property_key))";

/// The condition that leaves out views, which other engines keep in the same table.
inline constexpr const char* kNoViews =
    " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)";

/// Whether `iceberg_tables` has the column that tells tables from views. kCorrupt if one
/// of the two tables lacks a column that the layout has.
///
/// \param tables, spaces  columns of `iceberg_tables` and `iceberg_namespace_properties`
/// \param where  names the database in the message
Result<bool> CheckLayout(std::span<const std::string> tables,
                         std::span<const std::string> spaces, const std::string& where);

/// The errors that every SQL catalog has in common.
Error TableChanged(const TableName& name);  // kConflict
Error TableExists(const TableName& name);   // kConflict
Error NoSuchTable(const TableName& name);   // kNotFound

/// The warehouse without its trailing slashes.
std::string TrimWarehouse(std::string warehouse);

}  // namespace calve::table
