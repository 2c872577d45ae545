#include "capture/audit_table.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "io/system.h"

namespace calve::capture {
namespace {

struct ColumnInfo {
  std::string type;
  int number = 0;
  std::string default_sql;
};

/// Of the lock under which audit tables are created: CREATE … IF NOT EXISTS alone fails
/// when two sessions run it at once.
constexpr int64_t kCreateLock = 0x63616c7665;

using Columns = std::map<std::string, ColumnInfo>;

Error NotAnAuditLog(const TableRef& table, std::string_view what) {
  return Error{
      ErrorKind::kInvalidArgument,
      fmt::format("the table {}.{} is no audit log: {}; it needs the columns "
                  "audit_event_id (integer or bigint), audit_operation, audit_timestamp "
                  "(timestamp or timestamptz), tbl_schema, tbl_name, raw_data",
                  table.schema, table.name, what)};
}

Result<int64_t> OidOf(postgres::Connection& connection, const TableRef& table) {
  CALVE_ASSIGN(const postgres::Rows rows,
               connection.Query(
                   "SELECT c.oid::int8, c.relkind IN ('r', 'p') FROM pg_class c JOIN "
                   "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND "
                   "c.relname = $2",
                   {table.schema, table.name}));
  if (rows.size() == 0) {
    return NotAnAuditLog(table, "there is no such table");
  }
  if (rows.text(0, 1) != "t") {
    return NotAnAuditLog(table, "it is a view or another object, not a table");
  }
  return rows.number(0, 0);
}

Result<Columns> ColumnsOf(postgres::Connection& connection, int64_t oid) {
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query(
          "SELECT a.attname, format_type(a.atttypid, NULL), a.attnum, "
          "coalesce(pg_get_expr(d.adbin, d.adrelid), '') FROM pg_attribute a LEFT JOIN "
          "pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE "
          "a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped",
          {std::to_string(oid)}));
  Columns columns;
  for (int i = 0; i < rows.size(); ++i) {
    columns[std::string(rows.text(i, 0))] = {std::string(rows.text(i, 1)),
                                             static_cast<int>(rows.number(i, 2)),
                                             std::string(rows.text(i, 3))};
  }
  return columns;
}

Status CheckColumns(const TableRef& table, const Columns& columns) {
  constexpr std::array kNames = {"audit_event_id", "audit_operation", "audit_timestamp",
                                 "tbl_schema",     "tbl_name",        "raw_data"};
  for (const char* name : kNames) {
    if (!columns.contains(name)) {
      return NotAnAuditLog(table, fmt::format("it has no column {}", name));
    }
  }
  const std::string& id = columns.at("audit_event_id").type;
  if (id != "integer" && id != "bigint" && id != "smallint") {
    return NotAnAuditLog(table, "its audit_event_id is of type " + id);
  }
  const std::string& time = columns.at("audit_timestamp").type;
  if (!time.starts_with("timestamp")) {
    return NotAnAuditLog(table, "its audit_timestamp is of type " + time);
  }
  return {};
}

/// The sequence that the column owns, or that its default draws from.
constexpr const char* kSequenceSql =
    "SELECT CASE WHEN has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') THEN "
    "coalesce(pg_sequence_last_value(s.seqrelid), s.seqmin - 1) END "
    "FROM pg_sequence s JOIN pg_depend d ON "
    "(d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.deptype IN ('a', "
    "'i') "
    " AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid "
    " AND d.refobjsubid = $2::int) OR "
    "(d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND "
    " d.refobjid = s.seqrelid AND d.objid IN (SELECT oid FROM pg_attrdef WHERE adrelid = "
    " $1::oid AND adnum = $2::int)) "
    "WHERE s.seqincrement > 0 AND NOT s.seqcycle LIMIT 1";

// Of the rows that MarksOf reads.
constexpr int kFirstEventColumn = 1;
constexpr int kRawData = 6;
constexpr int kLargeRowSql = 7;

Status HashPayload(PayloadReader& payload, io::Sha256& hash) {
  hash.Update(fmt::format("{};", payload.bytes()));
  while (true) {
    CALVE_ASSIGN(const auto piece, payload.NextPiece());
    if (!piece) {
      return {};
    }
    hash.Update(*piece);
  }
}

/// Hashes a row's columns so that no two rows share a text: each with its length.
Result<std::string> HashOf(postgres::Connection& connection, const AuditTable& table,
                           const postgres::Rows& rows, int row, int64_t piece_bytes) {
  io::Sha256 hash;
  const bool large = !rows.is_null(row, kLargeRowSql);
  for (int i = kFirstEventColumn; i < (large ? kRawData : kLargeRowSql); ++i) {
    hash.Update(rows.is_null(row, i) ? "-;"
                                     : fmt::format("{};", rows.text(row, i).size()));
    hash.Update(rows.text(row, i));
  }
  if (large) {
    CALVE_ASSIGN(
        const auto payload,
        PayloadReader::Open(connection, table.sql_name,
                            std::string(rows.text(row, kLargeRowSql)), piece_bytes));
    CALVE_TRY(HashPayload(*payload, hash));
  }
  return hash.Finish();
}

}  // namespace

Result<std::string> SqlName(postgres::Connection& connection, const TableRef& table) {
  CALVE_ASSIGN(const std::string schema, connection.QuoteName(table.schema));
  CALVE_ASSIGN(const std::string name, connection.QuoteName(table.name));
  return schema + "." + name;
}

Result<std::optional<std::string>> CreateAuditTableSql(postgres::Connection& connection,
                                                       const TableRef& table) {
  CALVE_ASSIGN(const std::string schema, connection.QuoteName(table.schema));
  CALVE_ASSIGN(const std::string sql_name, SqlName(connection, table));
  CALVE_ASSIGN(const postgres::Rows found,
               connection.Query("SELECT to_regclass($1) IS NOT NULL, "
                                "EXISTS (SELECT FROM pg_namespace WHERE nspname = $2)",
                                {sql_name, table.schema}));
  if (found.text(/*row=*/0, /*column=*/0) == "t") {
    return std::optional<std::string>();
  }
  const bool has_schema = found.text(/*row=*/0, /*column=*/1) == "t";
  return std::optional(fmt::format(
      "SELECT pg_advisory_xact_lock({});\n{}"
      "CREATE TABLE IF NOT EXISTS {} (audit_event_id serial PRIMARY KEY, "
      "audit_operation text, audit_timestamp timestamptz, tbl_schema text, "
      "tbl_name text, raw_data text)",
      kCreateLock,
      has_schema ? "" : fmt::format("CREATE SCHEMA IF NOT EXISTS {};\n", schema),
      sql_name));
}

Status CreateAuditTable(postgres::Connection& connection, const TableRef& table) {
  CALVE_ASSIGN(const auto sql, CreateAuditTableSql(connection, table));
  // Several statements in one call are one transaction, which also ends the lock.
  return sql ? connection.Execute(*sql) : Status();
}

Result<AuditTable> DescribeAuditTable(postgres::Connection& connection,
                                      const TableRef& table) {
  AuditTable out;
  CALVE_ASSIGN(out.sql_name, SqlName(connection, table));
  CALVE_ASSIGN(out.oid, OidOf(connection, table));
  CALVE_ASSIGN(const Columns columns, ColumnsOf(connection, out.oid));
  CALVE_TRY(CheckColumns(table, columns));
  const std::string& raw_data = columns.at("raw_data").type;
  out.raw_data_is_text = raw_data == "text" || raw_data == "character varying";
  if (const auto it = columns.find("audit_xid"); it != columns.end()) {
    // Without the default, rows go on arriving without an id: the column is not in use.
    const bool in_use =
        it->second.type == "xid8" &&
        it->second.default_sql.find("pg_current_xact_id()") != std::string::npos;
    out.audit_xid_column = in_use ? std::optional(it->second.number) : std::nullopt;
  }
  CALVE_ASSIGN(const postgres::Rows sequence,
               connection.Query(kSequenceSql,
                                {std::to_string(out.oid),
                                 std::to_string(columns.at("audit_event_id").number)}));
  if (sequence.size() > 0 && !sequence.is_null(0, 0)) {
    out.sequence_value = sequence.number(0, 0);
  }
  return out;
}

Result<std::vector<RowMark>> MarksOf(postgres::Connection& connection,
                                     const AuditTable& table, int64_t id,
                                     const LargeEventLimits& limits) {
  CALVE_ASSIGN(
      const postgres::Rows rows,
      connection.Query(fmt::format("SELECT t.xmin, {} FROM {} WHERE "
                                   "t.audit_event_id = $1::int8",
                                   EventColumnsSql(table, limits), EventSourceSql(table)),
                       {std::to_string(id)}));
  std::vector<RowMark> marks;
  for (int i = 0; i < rows.size(); ++i) {
    CALVE_ASSIGN(std::string hash,
                 HashOf(connection, table, rows, i, limits.piece_bytes));
    marks.push_back({id, static_cast<uint64_t>(rows.number(i, 0)), std::move(hash)});
  }
  return marks;
}

std::string EventColumnsSql(const AuditTable& table, const LargeEventLimits& limits) {
  const std::string raw_data = table.raw_data_is_text ? "t.raw_data" : "raw.text";
  // The length of a text that is stored out of line is known without reading it.
  const std::string is_large =
      fmt::format("octet_length({}) > {}", raw_data, limits.whole_bytes);
  return fmt::format(
      "t.audit_event_id::int8, t.audit_operation::text, t.audit_timestamp, "
      "t.tbl_schema::text, t.tbl_name::text, "
      "CASE WHEN {0} THEN NULL ELSE {1}::text END, "
      "CASE WHEN {0} THEN format('t.tableoid = %s AND t.ctid = %L', t.tableoid::oid, "
      "t.ctid) END",
      is_large, raw_data);
}

std::string EventSourceSql(const AuditTable& table) {
  if (table.raw_data_is_text) {
    return table.sql_name + " t";
  }
  // OFFSET 0 keeps the text from being made again wherever it is named.
  return table.sql_name +
         " t CROSS JOIN LATERAL (SELECT t.raw_data::text AS text OFFSET 0) raw";
}

}  // namespace calve::capture
