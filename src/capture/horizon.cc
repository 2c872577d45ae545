#include "capture/horizon.h"

#include <fmt/format.h>

#include "capture/cursor.h"

namespace calve::capture {
namespace {

// Short transactions come and go; only an old one is worth a word.
constexpr double kOldSeconds = 1;
constexpr int kRowsLookedAt = 1000;

constexpr const char* kHolderSql =
    "SELECT 'b', pid::int8, NULL, extract(epoch FROM clock_timestamp() - "
    "xact_start)::text "
    "FROM pg_stat_activity WHERE backend_xid::text = $1 UNION ALL "
    "SELECT 'p', NULL, gid, extract(epoch FROM clock_timestamp() - prepared)::text FROM "
    "pg_prepared_xacts WHERE transaction::text = $1";

Result<bool> IsInProgress(postgres::Connection& connection, uint64_t xid) {
  CALVE_ASSIGN(
      const postgres::Rows status,
      connection.Query("SELECT pg_xact_status($1::xid8)", {std::to_string(xid)}));
  return status.text(0, 0) == "in progress";
}

Result<int64_t> CountRowsBehind(postgres::Connection& connection, const AuditTable& table,
                                const Snapshot& snapshot) {
  if (ModeOf(table) == CursorMode::kAuditXid) {
    return 0;
  }
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query(fmt::format(
          "SELECT count(*) FROM (SELECT r.xmin FROM {} r ORDER BY r.audit_event_id "
          "DESC LIMIT {}) t WHERE {}",
          table.sql_name, kRowsLookedAt, RowsBehindSql(snapshot))));
  return rows.number(0, 0);
}

}  // namespace

std::string HolderName(Horizon::Holder holder) {
  switch (holder) {
    case Horizon::Holder::kBackend:
      return "backend";
    case Horizon::Holder::kPrepared:
      return "prepared";
    case Horizon::Holder::kHidden:
      break;
  }
  return "hidden";
}

Result<std::optional<Horizon>> LookAtHorizon(postgres::Connection& connection,
                                             const AuditTable& table,
                                             const Snapshot& snapshot) {
  if (snapshot.xmin >= snapshot.xmax) {
    return std::optional<Horizon>();
  }
  CALVE_ASSIGN(const postgres::Rows found,
               connection.Query(kHolderSql, {std::to_string(snapshot.xmin % kXidSpan)}));
  CALVE_ASSIGN(const bool in_progress, IsInProgress(connection, snapshot.xmin));
  if (!in_progress) {
    return std::optional<Horizon>();
  }
  Horizon horizon;
  if (found.size() > 0) {
    const bool backend = found.text(0, 0) == "b";
    horizon.holder = backend ? Horizon::Holder::kBackend : Horizon::Holder::kPrepared;
    horizon.pid = backend ? std::optional(found.number(0, 1)) : std::nullopt;
    horizon.prepared = found.value(0, 2);
    if (const auto age = found.value(0, 3)) {
      horizon.age_seconds = std::stod(*age);
    }
  }
  CALVE_ASSIGN(horizon.rows_behind, CountRowsBehind(connection, table, snapshot));
  return std::optional(std::move(horizon));
}

std::optional<std::string> HorizonWarning(const Horizon& horizon) {
  if (horizon.rows_behind == 0 ||
      (horizon.age_seconds && *horizon.age_seconds < kOldSeconds)) {
    return std::nullopt;
  }
  const std::string age = horizon.age_seconds
                              ? fmt::format(", open for {:.0f} s", *horizon.age_seconds)
                              : ", since when this role may not see (GRANT "
                                "pg_read_all_stats)";
  std::string who = "of a session that this role can't see (GRANT pg_read_all_stats)";
  std::string remedy = "end it";
  if (horizon.holder == Horizon::Holder::kBackend) {
    who = fmt::format("of pid {}{}", horizon.pid.value_or(0), age);
  } else if (horizon.holder == Horizon::Holder::kPrepared) {
    who = fmt::format("prepared as '{}'{}", horizon.prepared.value_or(""), age);
    remedy = "commit it or roll it back";
  }
  return fmt::format(
      "{}{} row{} of the audit log wait{} for the transaction {}: {}, or add audit_xid "
      "by "
      "calve capture install, whose cursor waits for none",
      horizon.rows_behind, horizon.rows_behind == kRowsLookedAt ? " or more" : "",
      horizon.rows_behind == 1 ? "" : "s", horizon.rows_behind == 1 ? "s" : "", who,
      remedy);
}

}  // namespace calve::capture
