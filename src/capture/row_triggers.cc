#include "capture/row_triggers.h"

#include <fmt/format.h>

#include "capture/audit_table.h"

namespace calve::capture {
namespace {

constexpr std::string_view kTablesSql =
    "SELECT c.oid::int8, n.nspname, c.relname, c.relkind, c.relpersistence, "
    "EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND NOT "
    "i.indimmediate) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace ";

/// The primary key comes first; without one, the index of the replica identity.
constexpr const char* kKeySql =
    "SELECT a.attname FROM (SELECT * FROM pg_index WHERE indrelid = $1::oid AND "
    "(indisprimary OR indisreplident) ORDER BY indisprimary DESC LIMIT 1) i, "
    "unnest(i.indkey) WITH ORDINALITY k(number, place), pg_attribute a "
    "WHERE k.place <= i.indnkeyatts AND a.attrelid = i.indrelid AND a.attnum = k.number "
    "ORDER BY k.place";

constexpr const char* kLeavesSql =
    "SELECT n.nspname, c.relname, c.oid::int8 FROM pg_partition_tree($1::oid::regclass) "
    "p "
    "JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE p.isleaf AND c.relkind = 'r' AND c.oid <> $1::oid ORDER BY 1, 2";

/// What captured an audit log would write into it without end.
constexpr const char* kAuditColumnsSql =
    "SELECT count(*) FROM pg_attribute WHERE attrelid = $1::oid AND NOT attisdropped AND "
    "attname IN ('audit_event_id', 'audit_operation', 'audit_timestamp', 'tbl_schema', "
    "'tbl_name', 'raw_data')";
constexpr int64_t kAuditColumns = 6;

std::string RefusalOf(std::string_view kind, std::string_view persistence,
                      bool deferrable_key) {
  if (kind != "r" && kind != "p") {
    return "it is a view or another object, not a table";
  }
  if (persistence != "p") {
    return "it is unlogged or temporary: a crash of the server empties it without an "
           "event";
  }
  if (deferrable_key) {
    return "its primary key is deferrable: a statement may hand keys on from row to row, "
           "and "
           "the log can't tell the order";
  }
  return "";
}

Status AddDetails(postgres::Connection& connection, SourceTable& table) {
  const std::string oid = std::to_string(table.oid);
  CALVE_ASSIGN(const postgres::Rows log, connection.Query(kAuditColumnsSql, {oid}));
  if (log.number(0, 0) == kAuditColumns && table.refusal.empty()) {
    table.refusal = "it is an audit log itself";
  }
  CALVE_ASSIGN(const postgres::Rows key, connection.Query(kKeySql, {oid}));
  for (int i = 0; i < key.size(); ++i) {
    table.key.emplace_back(key.text(i, 0));
    CALVE_ASSIGN(std::string quoted, connection.QuoteName(table.key.back()));
    table.key_sql.push_back(std::move(quoted));
  }
  if (table.partitioned) {
    CALVE_ASSIGN(const postgres::Rows leaves, connection.Query(kLeavesSql, {oid}));
    for (int i = 0; i < leaves.size(); ++i) {
      CALVE_ASSIGN(std::string sql,
                   SqlName(connection, {std::string(leaves.text(i, 0)),
                                        std::string(leaves.text(i, 1))}));
      table.leaves.emplace_back(std::move(sql), leaves.number(i, 2));
    }
  }
  return {};
}

Result<std::vector<SourceTable>> FindTables(postgres::Connection& connection,
                                            std::string_view condition,
                                            const postgres::Parameters& parameters) {
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query(std::string(kTablesSql) + std::string(condition), parameters));
  std::vector<SourceTable> tables;
  for (int i = 0; i < rows.size(); ++i) {
    SourceTable table;
    table.oid = rows.number(i, 0);
    table.ref = {std::string(rows.text(i, 1)), std::string(rows.text(i, 2))};
    table.partitioned = rows.text(i, 3) == "p";
    table.refusal = RefusalOf(rows.text(i, 3), rows.text(i, 4), rows.text(i, 5) == "t");
    CALVE_ASSIGN(table.sql, SqlName(connection, table.ref));
    CALVE_TRY(AddDetails(connection, table));
    tables.push_back(std::move(table));
  }
  return tables;
}

struct OnTable {
  const std::string& sql;
  int64_t oid;
};

/// A trigger fires in every session, in those of a replication too.
TriggerSql MakeTrigger(const std::string& name, OnTable table, std::string_view when,
                       const std::string& action) {
  TriggerSql trigger = {.name = name,
                        .table_sql = table.sql,
                        .table_oid = table.oid,
                        .create = fmt::format("CREATE TRIGGER \"{}\" {} ON {} {};\n",
                                              name, when, table.sql, action),
                        .mark = {}};
  trigger.mark = MarkOf(trigger.create);
  trigger.create += fmt::format(
      "ALTER TABLE {0} ENABLE ALWAYS TRIGGER \"{1}\";\n"
      "COMMENT ON TRIGGER \"{1}\" ON {0} IS '{2}'",
      table.sql, name, trigger.mark);
  return trigger;
}

/// Compares the keys' texts, so that whatever the log tells apart counts as another key.
std::string KeyChangesSql(const std::vector<std::string>& key) {
  std::string sql;
  for (const std::string& column : key) {
    sql += fmt::format(
        "{0}OLD.{1}::text COLLATE \"C\" IS DISTINCT FROM NEW.{1}::text "
        "COLLATE \"C\"",
        sql.empty() ? "" : " OR ", column);
  }
  return sql;
}

}  // namespace

Result<SourceTable> FindSourceTable(postgres::Connection& connection,
                                    const TableRef& table) {
  CALVE_ASSIGN(auto tables,
               FindTables(connection, "WHERE n.nspname = $1 AND c.relname = $2",
                          {table.schema, table.name}));
  if (tables.empty()) {
    return Error{
        ErrorKind::kNotFound,
        fmt::format("there is no table {} in schema {}; names are taken as they are, "
                    "in upper or lower case",
                    table.name, table.schema)};
  }
  return std::move(tables.front());
}

Result<SourceTable> FindSourceTable(postgres::Connection& connection, int64_t oid) {
  CALVE_ASSIGN(auto tables,
               FindTables(connection, "WHERE c.oid = $1::oid", {std::to_string(oid)}));
  if (tables.empty()) {
    return Error{ErrorKind::kNotFound, fmt::format("there is no table with oid {}", oid)};
  }
  return std::move(tables.front());
}

Result<std::vector<SourceTable>> SourceTablesOf(postgres::Connection& connection,
                                                const std::string& schema) {
  CALVE_ASSIGN(const postgres::Rows found,
               connection.Query("SELECT FROM pg_namespace WHERE nspname = $1", {schema}));
  if (found.size() == 0) {
    return Error{ErrorKind::kNotFound, fmt::format("there is no schema {}", schema)};
  }
  return FindTables(connection,
                    "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT "
                    "c.relispartition ORDER BY c.relname",
                    {schema});
}

std::vector<TriggerSql> CaptureTriggers(const CaptureObjects& objects,
                                        const SourceTable& table) {
  const OnTable on_table = {table.sql, table.oid};
  const std::string whole = table.partitioned ? "'partitioned'" : "'plain'";
  const std::string key_changes = KeyChangesSql(table.key_sql);
  const auto call = [&](const std::string& arguments) {
    return fmt::format("EXECUTE FUNCTION {}({})", objects.row_function.sql, arguments);
  };
  const auto named = [&](const char* suffix) { return objects.trigger_prefix + suffix; };
  std::vector<TriggerSql> triggers;
  triggers.push_back(MakeTrigger(named("_row"), on_table, "AFTER INSERT OR DELETE",
                                 "FOR EACH ROW " + call(whole)));
  const std::string same_key =
      key_changes.empty() ? "" : fmt::format("WHEN (NOT ({})) ", key_changes);
  triggers.push_back(MakeTrigger(named("_update"), on_table, "AFTER UPDATE",
                                 "FOR EACH ROW " + same_key + call(whole)));
  if (!key_changes.empty()) {
    triggers.push_back(MakeTrigger(named("_key"), on_table, "AFTER UPDATE",
                                   fmt::format("FOR EACH ROW WHEN ({}) {}", key_changes,
                                               call(whole + ", 'new key'"))));
  }
  const auto on_truncate = [&](OnTable emptied, const char* rows) {
    triggers.push_back(
        MakeTrigger(named("_truncate"), emptied, "BEFORE TRUNCATE",
                    fmt::format("FOR EACH STATEMENT EXECUTE FUNCTION {}({}, '{}')",
                                objects.truncate_function.sql, whole, rows)));
  };
  on_truncate(on_table, table.partitioned ? "partitions" : "own rows");
  for (const auto& [sql, oid] : table.leaves) {
    on_truncate({sql, oid}, "own rows");
  }
  return triggers;
}

std::vector<TriggerSql> GuardTriggers(const CaptureObjects& objects,
                                      const SourceTable& audit_table) {
  const std::string call =
      fmt::format("EXECUTE FUNCTION {}()", objects.guard_function.sql);
  std::vector<TriggerSql> triggers = {
      MakeTrigger(objects.trigger_prefix + "_guard", {audit_table.sql, audit_table.oid},
                  "BEFORE UPDATE OR DELETE", "FOR EACH ROW " + call)};
  auto tables = audit_table.leaves;
  tables.emplace_back(audit_table.sql, audit_table.oid);
  for (const auto& [sql, oid] : tables) {
    triggers.push_back(MakeTrigger(objects.trigger_prefix + "_guard_truncate", {sql, oid},
                                   "BEFORE TRUNCATE", "FOR EACH STATEMENT " + call));
  }
  return triggers;
}

std::string CopyRowsSql(const CaptureObjects& objects, const SourceTable& table) {
  return fmt::format(
      "INSERT INTO {} (audit_operation, audit_timestamp, tbl_schema, tbl_name, "
      "raw_data) SELECT 'I', clock_timestamp(), {}, {}, to_jsonb(r.*) FROM {}{} "
      "r",
      objects.table_sql, DollarQuoted(table.ref.schema), DollarQuoted(table.ref.name),
      table.partitioned ? "" : "ONLY ", table.sql);
}

}  // namespace calve::capture
