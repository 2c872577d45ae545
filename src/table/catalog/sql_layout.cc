#include <algorithm>
#include <utility>

#include "table/catalog/sql_layout_internal.h"

namespace calve::table {
namespace {

constexpr std::array kTableColumns = {"catalog_name", "table_namespace", "table_name",
                                      "metadata_location", "previous_metadata_location"};
constexpr std::array kNamespaceColumns = {"catalog_name", "namespace", "property_key",
                                          "property_value"};

bool Has(std::span<const std::string> columns, const char* name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

Status RequireColumns(std::span<const std::string> found,
                      std::span<const char* const> wanted, const std::string& where) {
  for (const char* name : wanted) {
    if (!Has(found, name)) {
      return Error{ErrorKind::kCorrupt,
                   std::string("the database is not an Iceberg catalog: no column ") +
                       name + " in it: " + where};
    }
  }
  return {};
}

}  // namespace

Result<bool> CheckLayout(std::span<const std::string> tables,
                         std::span<const std::string> spaces, const std::string& where) {
  CALVE_TRY(RequireColumns(tables, kTableColumns, where));
  CALVE_TRY(RequireColumns(spaces, kNamespaceColumns, where));
  return Has(tables, "iceberg_type");
}

Error TableChanged(const TableName& name) {
  return {ErrorKind::kConflict, "another writer has changed the table: " + name.text()};
}

Error TableExists(const TableName& name) {
  return {ErrorKind::kConflict, "the table exists already: " + name.text()};
}

Error NoSuchTable(const TableName& name) {
  return {ErrorKind::kNotFound, "no such table: " + name.text()};
}

std::string TrimWarehouse(std::string warehouse) {
  while (warehouse.size() > 1 && warehouse.back() == '/') {
    warehouse.pop_back();
  }
  return warehouse;
}

}  // namespace calve::table
