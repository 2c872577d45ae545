#include "table/catalog/sqlite_catalog.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "io/failpoint.h"
#include "table/catalog/sql_layout_internal.h"
#include "table/catalog/sqlite_connection_internal.h"

namespace calve::table {
namespace {

/// Columns of a table; empty if there is no such table.
Result<std::vector<std::string>> ColumnsOf(SqliteConnection& connection,
                                           std::string_view table) {
  CALVE_ASSIGN(const auto rows,
               connection.Run("SELECT name FROM pragma_table_info(?)", {table}));
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const SqliteRow& row : rows) {
    names.push_back(row.front().value_or(""));
  }
  return names;
}

class SqliteCatalog final : public Catalog {
 public:
  explicit SqliteCatalog(SqliteCatalogOptions options) : options_(std::move(options)) {}

  Status Open();

  const std::string& warehouse() const override { return options_.warehouse; }
  Status CreateNamespace(const std::string& name_space) override;
  Result<std::vector<TableName>> ListTables() override;
  Result<std::string> MetadataLocation(const TableName& name) override;
  Status Commit(std::span<const PointerSwap> swaps) override;
  Status DropTable(const TableName& name) override;

 private:
  Status MakeFolder() const;
  Status CreateSchema();
  Status CheckSchema();
  Status SwapAll(std::span<const PointerSwap> swaps);
  Status Swap(const PointerSwap& swap);
  Status Insert(const PointerSwap& swap);
  Result<std::optional<std::string>> FindLocation(SqliteConnection& connection,
                                                  const TableName& name) const;
  bool LooksApplied(std::span<const PointerSwap> swaps) const;

  /// Leaves out views, which other engines keep in the same table.
  std::string OnlyTables() const { return has_type_ ? kNoViews : ""; }

  SqliteCatalogOptions options_;
  std::mutex mutex_;  // Guards connection_.
  std::unique_ptr<SqliteConnection> connection_;
  bool has_type_ = false;  // Set by Open.
};

Status SqliteCatalog::MakeFolder() const {
  const auto folder = std::filesystem::path(options_.path).parent_path();
  std::error_code code;
  if (!folder.empty()) {
    std::filesystem::create_directories(folder, code);
  }
  if (code) {
    return Error{ErrorKind::kUnavailable, "cannot make the catalog's folder: " +
                                              code.message() + ": " + folder.string()};
  }
  return {};
}

Status SqliteCatalog::Open() {
  CALVE_TRY(MakeFolder());
  CALVE_ASSIGN(connection_,
               SqliteConnection::Open(options_.path, options_.busy_timeout_ms));
  // In WAL mode the same as FULL; with a rollback journal it also syncs the folder, so
  // that the journal of a commit that was acknowledged does not come back.
  CALVE_TRY(connection_->Run("PRAGMA synchronous = EXTRA"));
  CALVE_ASSIGN(const auto tables, ColumnsOf(*connection_, "iceberg_tables"));
  CALVE_ASSIGN(const auto spaces,
               ColumnsOf(*connection_, "iceberg_namespace_properties"));
  if (tables.empty() || spaces.empty()) {
    CALVE_TRY(CreateSchema());
  }
  return CheckSchema();
}

Status SqliteCatalog::CreateSchema() {
  CALVE_ASSIGN(const auto objects,
               connection_->Run("SELECT count(*) FROM sqlite_master"));
  if (objects.front().front() == "0") {
    // Both modes are correct: where this one cannot be had, the default stays.
    (void)connection_->Run("PRAGMA journal_mode = WAL").has_value();
  }
  CALVE_ASSIGN(const auto transaction, SqliteTransaction::Begin(*connection_));
  CALVE_TRY(connection_->Run(std::string("CREATE TABLE IF NOT EXISTS iceberg_tables") +
                             kDefineTables));
  CALVE_TRY(connection_->Run(
      std::string("CREATE TABLE IF NOT EXISTS iceberg_namespace_properties") +
      kDefineNamespaces));
  auto committed = transaction->Commit();
  if (!committed) {  // Making tables that may be there already can be repeated.
    return Error{ErrorKind::kUnavailable, committed.error().message};
  }
  return {};
}

Status SqliteCatalog::CheckSchema() {
  CALVE_ASSIGN(const auto tables, ColumnsOf(*connection_, "iceberg_tables"));
  CALVE_ASSIGN(const auto spaces,
               ColumnsOf(*connection_, "iceberg_namespace_properties"));
  CALVE_ASSIGN(has_type_, CheckLayout(tables, spaces, options_.path));
  return {};
}

Status SqliteCatalog::CreateNamespace(const std::string& name_space) {
  const std::lock_guard lock(mutex_);
  CALVE_TRY(
      connection_->Run("INSERT OR IGNORE INTO iceberg_namespace_properties "
                       "(catalog_name, namespace, property_key, property_value) "
                       "VALUES (?, ?, 'exists', 'true')",
                       {options_.name, name_space}));
  return {};
}

Result<std::vector<TableName>> SqliteCatalog::ListTables() {
  const std::lock_guard lock(mutex_);
  CALVE_ASSIGN(auto rows, connection_->Run(
                              "SELECT table_namespace, table_name FROM iceberg_tables "
                              "WHERE catalog_name = ?" +
                                  OnlyTables() + " ORDER BY table_namespace, table_name",
                              {options_.name}));
  std::vector<TableName> names;
  names.reserve(rows.size());
  for (SqliteRow& row : rows) {
    names.push_back({.name_space = std::move(row[0]).value_or(""),
                     .name = std::move(row[1]).value_or("")});
  }
  return names;
}

Result<std::optional<std::string>> SqliteCatalog::FindLocation(
    SqliteConnection& connection, const TableName& name) const {
  CALVE_ASSIGN(auto rows, connection.Run("SELECT metadata_location FROM iceberg_tables "
                                         "WHERE catalog_name = ? AND table_namespace = ? "
                                         "AND table_name = ?" +
                                             OnlyTables(),
                                         {options_.name, name.name_space, name.name}));
  return rows.empty() ? std::nullopt : std::move(rows.front().front());
}

Result<std::string> SqliteCatalog::MetadataLocation(const TableName& name) {
  const std::lock_guard lock(mutex_);
  CALVE_ASSIGN(auto location, FindLocation(*connection_, name));
  if (!location.has_value()) {
    return NoSuchTable(name);
  }
  return *std::move(location);
}

Status SqliteCatalog::Commit(std::span<const PointerSwap> swaps) {
  const std::lock_guard lock(mutex_);
  Status committed = SwapAll(swaps);
  if (!committed && committed.error().kind == ErrorKind::kCommitUnknown &&
      LooksApplied(swaps)) {
    return {};
  }
  return committed;
}

Status SqliteCatalog::SwapAll(std::span<const PointerSwap> swaps) {
  CALVE_ASSIGN(const auto transaction, SqliteTransaction::Begin(*connection_));
  for (const PointerSwap& swap : swaps) {
    CALVE_TRY(Swap(swap));
  }
  CALVE_TRY(io::Failpoint("catalog.commit", options_.path));
  CALVE_TRY(transaction->Commit());
  if (!io::Failpoint("catalog.committed", options_.path)) {
    return Error{ErrorKind::kCommitUnknown, "the reply was lost"};
  }
  return {};
}

Status SqliteCatalog::Swap(const PointerSwap& swap) {
  if (!swap.expected_metadata_location.has_value()) {
    return Insert(swap);
  }
  const std::string& expected = *swap.expected_metadata_location;
  if (expected == swap.metadata_location) {
    CALVE_ASSIGN(const auto found, FindLocation(*connection_, swap.name));
    return found == expected ? Status() : TableChanged(swap.name);
  }
  CALVE_TRY(connection_->Run(
      "UPDATE iceberg_tables "
      "SET metadata_location = ?, previous_metadata_location = ? "
      "WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? "
      "AND metadata_location = ?" +
          OnlyTables(),
      {swap.metadata_location, expected, options_.name, swap.name.name_space,
       swap.name.name, expected}));
  return connection_->changes() == 1 ? Status() : TableChanged(swap.name);
}

Status SqliteCatalog::Insert(const PointerSwap& swap) {
  const std::string columns = has_type_ ? ", iceberg_type) " : ") ";
  const std::string values = has_type_ ? ", 'TABLE')" : ")";
  auto inserted = connection_->Run(
      "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
      "metadata_location" +
          columns + "VALUES (?, ?, ?, ?" + values,
      {options_.name, swap.name.name_space, swap.name.name, swap.metadata_location});
  if (!inserted && inserted.error().kind == ErrorKind::kConflict) {
    return TableExists(swap.name);
  }
  CALVE_TRY(inserted);
  return {};
}

/// Whether a commit that reported an I/O error is seen by a fresh connection. "Not seen"
/// proves nothing: bytes in the log may still come to life when it is recovered.
bool SqliteCatalog::LooksApplied(std::span<const PointerSwap> swaps) const {
  auto fresh = SqliteConnection::Open(options_.path, options_.busy_timeout_ms);
  if (!fresh) {
    return false;
  }
  return std::any_of(swaps.begin(), swaps.end(), [&](const PointerSwap& swap) {
    if (swap.expected_metadata_location == swap.metadata_location) {
      return false;
    }
    const auto found = FindLocation(**fresh, swap.name);
    return found.has_value() && *found == swap.metadata_location;
  });
}

Status SqliteCatalog::DropTable(const TableName& name) {
  const std::lock_guard lock(mutex_);
  CALVE_TRY(connection_->Run(
      "DELETE FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? "
      "AND table_name = ?" +
          OnlyTables(),
      {options_.name, name.name_space, name.name}));
  if (connection_->changes() == 0) {
    return NoSuchTable(name);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(SqliteCatalogOptions options) {
  options.warehouse = TrimWarehouse(std::move(options.warehouse));
  auto catalog = std::make_unique<SqliteCatalog>(std::move(options));
  CALVE_TRY(catalog->Open());
  return std::unique_ptr<Catalog>(std::move(catalog));
}

}  // namespace calve::table
