#include <utility>
#include <vector>

#include <fmt/format.h>

#include "table/catalog/postgres_session_internal.h"
#include "table/catalog/sql_layout_internal.h"

namespace calve::table {
namespace {

using postgres::Connection;

constexpr int kLeastServer = 130000;

/// Any number will do: whoever makes catalog tables takes this lock first.
constexpr const char* kCreationLock = "4733712092116407";

/// The schema that has the tables, else the first of the search path.
constexpr const char* kSchemaSql =
    "SELECT coalesce((SELECT n.nspname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.oid = pg_catalog.to_regclass('iceberg_tables')), "
    "pg_catalog.current_schema()), current_user";

constexpr const char* kTimeoutsSql =
    "SELECT set_config('search_path', 'pg_catalog', false), "
    "set_config('lock_timeout', $1, false), "
    "set_config('statement_timeout', $2, false), "
    "set_config('idle_in_transaction_session_timeout', $2, false)";

constexpr const char* kColumnsSql =
    "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 "
    "AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped";

Error Named(const Error& error) {
  return {error.kind, "the catalog's database: " + error.message};
}

/// Finds or makes the two tables of one session.
class Locator {
 public:
  Locator(Connection& connection, const PostgresCatalogOptions& options)
      : connection_(connection), options_(options) {}

  Status Locate(PostgresSession& session) {
    CALVE_TRY(FindSchema());
    CALVE_TRY(SetTimeouts());
    CALVE_ASSIGN(const std::string schema, connection_.QuoteName(schema_));
    session.tables = schema + ".iceberg_tables";
    session.spaces = schema + ".iceberg_namespace_properties";
    CALVE_TRY(ReadColumns());
    if (tables_.empty() || spaces_.empty()) {
      CALVE_TRY(Create(session));
      CALVE_TRY(ReadColumns());
    }
    CALVE_ASSIGN(session.has_type, CheckLayout(tables_, spaces_, "schema " + schema_));
    return {};
  }

 private:
  Status FindSchema() {
    CALVE_ASSIGN(const postgres::Rows found, connection_.Query(kSchemaSql));
    if (found.is_null(0, 0)) {
      return Error{ErrorKind::kInvalidArgument,
                   "no schema of the role's search path exists; create one, or name one "
                   "in catalog.uri: ?options=-csearch_path%3Diceberg"};
    }
    schema_ = found.text(0, 0);
    role_ = found.text(0, 1);
    return {};
  }

  Status SetTimeouts() {
    const auto ms = [](std::chrono::milliseconds time) {
      return std::to_string(time.count());
    };
    CALVE_TRY(connection_.Query(
        kTimeoutsSql, {ms(options_.lock_timeout), ms(options_.statement_timeout)}));
    return {};
  }

  Result<std::vector<std::string>> ColumnsOf(const std::string& table) {
    CALVE_ASSIGN(const postgres::Rows rows,
                 connection_.Query(kColumnsSql, {schema_, table}));
    std::vector<std::string> names;
    for (int row = 0; row < rows.size(); ++row) {
      names.emplace_back(rows.text(row, 0));
    }
    return names;
  }

  Status ReadColumns() {
    CALVE_ASSIGN(tables_, ColumnsOf("iceberg_tables"));
    CALVE_ASSIGN(spaces_, ColumnsOf("iceberg_namespace_properties"));
    return {};
  }

  /// Makes what is missing; another program may do so at the same moment.
  Status Create(const PostgresSession& session) {
    const std::string create = "CREATE TABLE IF NOT EXISTS ";
    const Status made = connection_.Execute(
        fmt::format("BEGIN; SELECT pg_advisory_xact_lock({}); {}{}{}; {}{}{}; COMMIT",
                    kCreationLock, create, session.tables, kDefineTables, create,
                    session.spaces, kDefineNamespaces));
    if (made || connection_.is_lost()) {
      return made;
    }
    CALVE_TRY(connection_.Execute("ROLLBACK"));
    CALVE_TRY(ReadColumns());
    if (!tables_.empty() && !spaces_.empty()) {
      return {};
    }
    if (made.error().kind != ErrorKind::kInvalidArgument) {
      return made;
    }
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("{}; let the role make the catalog's tables (GRANT CREATE ON SCHEMA "
                    "{} TO {}), or make them for it as docs/catalogs.md shows",
                    made.error().message, schema_, role_)};
  }

  Connection& connection_;  // Both outlive this.
  const PostgresCatalogOptions& options_;
  std::string schema_;
  std::string role_;
  std::vector<std::string> tables_;
  std::vector<std::string> spaces_;
};

Result<std::unique_ptr<Connection>> Connect(const PostgresCatalogOptions& options) {
  CALVE_ASSIGN(auto connection, Connection::Open({.dsn = options.dsn,
                                                  .user = options.user,
                                                  .password = options.password,
                                                  .reply_timeout = options.reply_timeout,
                                                  .keeps_search_path = true}));
  if (connection->server_version() < kLeastServer) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("PostgreSQL {} is too old; a catalog needs 13 or newer",
                             connection->server_version() / 10000)};
  }
  return connection;
}

/// All of it can be repeated, and is once if the connection is lost on the way.
Result<std::unique_ptr<PostgresSession>> Open(const PostgresCatalogOptions& options) {
  auto session = std::make_unique<PostgresSession>();
  CALVE_ASSIGN(session->connection, Connect(options));
  Status located = Locator(*session->connection, options).Locate(*session);
  if (!located && session->connection->is_lost()) {
    CALVE_ASSIGN(session->connection, Connect(options));
    located = Locator(*session->connection, options).Locate(*session);
  }
  CALVE_TRY(located);
  return session;
}

}  // namespace

const char* PostgresSession::only_tables() const {
  return has_type ? kNoViews : "";
}

Result<std::unique_ptr<PostgresSession>> OpenPostgresSession(
    const PostgresCatalogOptions& options) {
  auto session = Open(options);
  if (!session) {
    return Named(session.error());
  }
  return session;
}

}  // namespace calve::table
