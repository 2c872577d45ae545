#include "capture/guard.h"

#include <fmt/format.h>

#include "capture/capture_objects.h"

namespace calve::capture {
namespace {

constexpr std::string_view kMayWriteSql =
    "SELECT NOT pg_is_in_recovery() AND has_table_privilege($1, 'SELECT') AND "
    "has_table_privilege($1, 'INSERT') AND has_table_privilege($1, 'UPDATE') "
    "WHERE to_regclass($1) IS NOT NULL";

// An unchanged mark is not written again, so that an idle source stays idle.
constexpr std::string_view kRecordSql =
    "INSERT INTO {0} (consumer, mode, covered, last_row_id, system_identifier, "
    "table_oid, "
    "recorded_at) SELECT n.*, clock_timestamp() FROM (VALUES ($1::text, $2::text, "
    "$3::pg_snapshot, $4::int8, $5::text, $6::int8)) n (consumer, mode, covered, "
    "last_row_id, system_identifier, table_oid) WHERE NOT EXISTS (SELECT FROM {0} e "
    "WHERE "
    "e.consumer = n.consumer AND (e.mode, e.covered::text, e.last_row_id, "
    "e.system_identifier, e.table_oid) IS NOT DISTINCT FROM (n.mode, n.covered::text, "
    "n.last_row_id, n.system_identifier, n.table_oid)) ON CONFLICT (consumer) DO UPDATE "
    "SET "
    "mode = excluded.mode, covered = excluded.covered, last_row_id = "
    "excluded.last_row_id, "
    "system_identifier = excluded.system_identifier, table_oid = excluded.table_oid, "
    "recorded_at = excluded.recorded_at";

}  // namespace

Result<GuardAnswer> TellGuard(postgres::Connection& connection,
                              const TableRef& audit_table, const std::string& consumer,
                              const Cursor& cursor) {
  CALVE_ASSIGN(const CaptureObjects objects, NameObjects(connection, audit_table));
  const std::string& table = objects.extracted_table.sql;
  CALVE_ASSIGN(const postgres::Rows may,
               connection.Query(std::string(kMayWriteSql), {table}));
  if (may.size() == 0) {
    return GuardAnswer::kNoGuard;
  }
  if (may.text(0, 0) != "t") {
    return GuardAnswer::kNotAllowed;
  }
  const auto& last_row = cursor.source.last_row;
  CALVE_TRY(connection.Query(
      fmt::format(fmt::runtime(kRecordSql), table),
      {consumer, std::string(CursorModeName(cursor.mode)), SnapshotText(cursor.covered),
       last_row ? std::optional(std::to_string(last_row->id)) : std::nullopt,
       cursor.source.system_identifier, std::to_string(cursor.source.table_oid)}));
  return GuardAnswer::kRecorded;
}

Result<std::vector<GuardMark>> ReadGuardMarks(postgres::Connection& connection,
                                              const TableRef& audit_table) {
  CALVE_ASSIGN(const CaptureObjects objects, NameObjects(connection, audit_table));
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query(fmt::format(
          "SELECT consumer, mode, covered::text, last_row_id, to_char(recorded_at, "
          "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM {} ORDER BY consumer",
          objects.extracted_table.sql)));
  std::vector<GuardMark> marks;
  for (int i = 0; i < rows.size(); ++i) {
    marks.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)),
                     std::string(rows.text(i, 2)),
                     rows.is_null(i, 3) ? std::nullopt : std::optional(rows.number(i, 3)),
                     std::string(rows.text(i, 4))});
  }
  return marks;
}

}  // namespace calve::capture
