#include "capture/source_health.h"

#include <fmt/format.h>

#include "capture/audit_table.h"

namespace calve::capture {
namespace {

Status ReadServer(postgres::Connection& connection, SourceHealth& health) {
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query("SELECT current_setting('server_version'), "
                       "current_setting('server_version_num')::int8, current_user, "
                       "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user), "
                       "(extract(epoch FROM clock_timestamp()) * 1000000)::int8"));
  health.server_version = rows.text(0, 0);
  health.server_version_number = rows.number(0, 1);
  health.role = rows.text(0, 2);
  health.is_superuser = rows.text(0, 3) == "t";
  health.clock = {rows.number(0, 4)};
  return {};
}

Status ReadPrivileges(postgres::Connection& connection, const TableRef& ref, int64_t oid,
                      SourceHealth& health) {
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query("SELECT has_table_privilege($1::oid, 'SELECT'), "
                       "has_table_privilege($1::oid, 'INSERT, UPDATE, DELETE, TRUNCATE')",
                       {std::to_string(oid)}));
  if (rows.text(0, 0) != "t") {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("the role {} may not read the audit table: GRANT SELECT ON "
                             "{}.{} TO {}",
                             health.role, ref.schema, ref.name, health.role)};
  }
  health.may_write = rows.text(0, 1) == "t";
  return {};
}

/// By what its triggers fire on: tgtype's bits are 8 DELETE, 16 UPDATE, 32 TRUNCATE.
Status ReadGuard(postgres::Connection& connection, int64_t oid, SourceHealth& health) {
  CALVE_ASSIGN(const postgres::Rows rows,
               connection.Query(
                   "SELECT coalesce(bit_or(tgtype::int), 0)::int8 FROM pg_trigger WHERE "
                   "tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D'",
                   {std::to_string(oid)}));
  constexpr int64_t kAll = 8 | 16 | 32;
  health.is_guarded = (rows.number(0, 0) & kAll) == kAll;
  return {};
}

Status ReadOldestTransaction(postgres::Connection& connection, SourceHealth& health) {
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query(
          "SELECT who, extract(epoch FROM clock_timestamp() - since)::int8 FROM ("
          "SELECT format('process %s (%s, %s)', pid, coalesce(nullif(application_name, "
          "''), 'no name'), coalesce(state, 'state hidden')) AS who, xact_start AS since "
          "FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> "
          "pg_backend_pid() UNION ALL "
          "SELECT format('prepared transaction %s', gid), prepared FROM pg_prepared_xacts"
          ") open WHERE since IS NOT NULL ORDER BY since LIMIT 1"));
  if (rows.size() > 0) {
    health.oldest_transaction = {std::string(rows.text(0, 0)), rows.number(0, 1)};
  }
  return {};
}

}  // namespace

Result<SourceHealth> ExamineSource(const std::string& dsn, const std::string& table) {
  SourceHealth health;
  CALVE_ASSIGN(const TableRef ref, ParseTableRef(table));
  CALVE_ASSIGN(const auto connection, postgres::Connection::Open(dsn));
  CALVE_TRY(connection->Execute("SET default_transaction_read_only = on"));
  CALVE_TRY(ReadServer(*connection, health));
  CALVE_ASSIGN(const AuditTable described, DescribeAuditTable(*connection, ref));
  health.has_audit_xid = described.audit_xid_column.has_value();
  CALVE_TRY(ReadPrivileges(*connection, ref, described.oid, health));
  CALVE_TRY(ReadGuard(*connection, described.oid, health));
  CALVE_TRY(ReadOldestTransaction(*connection, health));
  return health;
}

}  // namespace calve::capture
