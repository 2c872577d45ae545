#include "capture/read_rule.h"

#include <fmt/format.h>

namespace calve::capture {
namespace {

constexpr std::string_view kXidOfRow = "t.xmin::text::int8";
constexpr std::string_view kNormalXid = "t.xmin::text::int8 > 2";

/// The 64-bit id of the transaction that wrote a row.
std::string FullXidSql(uint64_t xmax) {
  return fmt::format("({0} + CASE WHEN {0} < {1} THEN {2} ELSE {2} - {3} END)", kXidOfRow,
                     xmax % kXidSpan, xmax - xmax % kXidSpan, kXidSpan);
}

std::string XminModeSql(const std::optional<Cursor>& since, const SnapshotView& view) {
  const std::string xid = FullXidSql(view.snapshot.xmax);
  if (!since) {
    return fmt::format("({} < {} OR NOT {})", xid, view.snapshot.xmin, kNormalXid);
  }
  if (since->covered.xmin >= view.snapshot.xmin) {
    return "false";  // No transaction has ended meanwhile: spares the scan of the table.
  }
  // Behind an audit_xid cursor, rows are read again from the first transaction that it
  // doesn't cover; none can be missed.
  return fmt::format("({0} >= {1} AND {0} < {2} AND {3})", xid, since->covered.xmin,
                     view.snapshot.xmin, kNormalXid);
}

/// Rows with an audit_xid that is in `covered` but not in what was covered before.
std::string AuditXidRowsSql(const std::optional<Cursor>& since, const Snapshot& covered,
                            bool top_level_ids) {
  const std::string_view xid = top_level_ids ? "t.audit_xid" : "t.xmin::text::xid8";
  std::string sql =
      fmt::format("t.audit_xid < '{}'::xid8 AND pg_visible_in_snapshot({}, '{}')",
                  covered.xmax, xid, SnapshotText(covered));
  if (since) {
    sql += fmt::format(
        " AND t.audit_xid >= '{}'::xid8 AND NOT pg_visible_in_snapshot({}, '{}')",
        since->covered.xmin, xid, SnapshotText(since->covered));
  }
  return sql;
}

/// Rows that were written before the column audit_xid was in use. All their transactions
/// had ended by then, so every one of them that is not read yet is visible now.
std::string RowsWithoutAuditXidSql(const std::optional<Cursor>& since,
                                   const SnapshotView& view) {
  if (!since) {
    return "t.audit_xid IS NULL";
  }
  return fmt::format("t.audit_xid IS NULL AND {} >= {} AND {}",
                     FullXidSql(view.snapshot.xmax), since->covered.xmin, kNormalXid);
}

bool ReadWithSameColumn(const std::optional<Cursor>& since, const AuditTable& table) {
  return since && since->mode == CursorMode::kAuditXid &&
         since->audit_xid_column == table.audit_xid_column;
}

std::string TimestampSql(TimestampUs time) {
  return fmt::format("timestamptz '{}'", FormatPostgresTimestamp(time));
}

}  // namespace

CursorMode ModeOf(const AuditTable& table) {
  return table.audit_xid_column ? CursorMode::kAuditXid : CursorMode::kXmin;
}

Snapshot CoveredBy(CursorMode mode, const SnapshotView& view) {
  if (mode == CursorMode::kAuditXid && !view.in_recovery) {
    return view.snapshot;
  }
  return {view.snapshot.xmin, view.snapshot.xmin, {}};
}

std::string UnreadRowsSql(const AuditTable& table, const std::optional<Cursor>& since,
                          const SnapshotView& view, const CaptureRules& rules) {
  if (!rules.read_by_transaction) {
    const bool any = since && since->source.last_row;
    return any ? fmt::format("t.audit_event_id > {}", since->source.last_row->id)
               : "true";
  }
  if (ModeOf(table) == CursorMode::kXmin) {
    return XminModeSql(since, view);
  }
  const std::string by_column =
      AuditXidRowsSql(since, CoveredBy(CursorMode::kAuditXid, view), rules.top_level_ids);
  if (ReadWithSameColumn(since, table)) {
    return by_column;
  }
  return fmt::format("(({}) OR ({}))", by_column, RowsWithoutAuditXidSql(since, view));
}

Result<std::string> CoveredRowsSql(const AuditTable& table, const Cursor& cut,
                                   const SnapshotView& view) {
  if (cut.mode == CursorMode::kXmin) {
    return fmt::format("({} < {} OR NOT {})", FullXidSql(view.snapshot.xmax),
                       cut.covered.xmin, kNormalXid);
  }
  if (!ReadWithSameColumn(cut, table)) {
    return Error{ErrorKind::kInvalidArgument,
                 "the last extraction read by a column audit_xid that the audit table no "
                 "longer has, so what it covered can't be told; extract again first: "
                 "`calve run`"};
  }
  return fmt::format("(({}) OR t.audit_xid IS NULL)",
                     AuditXidRowsSql(std::nullopt, cut.covered, /*top_level_ids=*/true));
}

std::string RowsBehindSql(const Snapshot& snapshot) {
  return fmt::format("({} >= {} AND {})", FullXidSql(snapshot.xmax), snapshot.xmin,
                     kNormalXid);
}

std::string WindowRowsSql(const TimeWindow& window) {
  return fmt::format("t.audit_timestamp >= {} AND t.audit_timestamp < {}",
                     TimestampSql(window.start), TimestampSql(window.end));
}

}  // namespace calve::capture
