#include "capture/capture_objects.h"

#include <algorithm>

#include <fmt/format.h>

#include "capture/audit_table.h"
#include "io/system.h"

namespace calve::capture {
namespace {

// What PostgreSQL holds of a name; it cuts longer ones without an error.
constexpr size_t kMaxNameBytes = 63;
// Leaves room for the longest of the prefixes below.
constexpr size_t kMaxPlainBytes = 40;
constexpr size_t kHashDigits = 12;

/// Whoever writes a table need not be allowed to write the audit log: the functions run
/// as their owner. Their settings make a row's JSON the same in every session.
constexpr std::string_view kFunctionSettings =
    " RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
    "SET search_path = pg_catalog, pg_temp SET row_security = off "
    "SET \"TimeZone\" = 'UTC' SET \"DateStyle\" = 'ISO, YMD' "
    "SET \"IntervalStyle\" = 'postgres' SET bytea_output = 'hex' "
    "SET extra_float_digits = 1 AS\n";

bool IsPlain(const std::string& name) {
  return name.size() <= kMaxPlainBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::string HashOf(const TableRef& table) {
  return io::Sha256Hex(
             fmt::format("{}.{}.{}", table.schema.size(), table.schema, table.name))
      .substr(0, kHashDigits);
}

Status CheckName(const std::string& name) {
  if (name.size() > kMaxNameBytes) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("a name of {} bytes is longer than the {} that PostgreSQL "
                             "holds: '{}'",
                             name.size(), kMaxNameBytes, name)};
  }
  return {};
}

/// Replaces each `@name@` of a function's text by its value, which may hold anything.
std::string Fill(std::string_view text,
                 const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string out;
  while (!text.empty()) {
    const size_t open = text.find('@');
    out += text.substr(0, open);
    if (open == std::string_view::npos) {
      break;
    }
    text.remove_prefix(open + 1);
    const size_t close = text.find('@');
    const std::string_view name = text.substr(0, close);
    for (const auto& [key, value] : values) {
      if (key == name) {
        out += value;
      }
    }
    text.remove_prefix(close + 1);
  }
  return out;
}

FunctionSql MakeFunction(const ObjectName& name, const std::string& body) {
  FunctionSql function = {.name = name, .create = {}, .mark = {}};
  function.create = fmt::format("CREATE OR REPLACE FUNCTION {}(){}{}", name.sql,
                                kFunctionSettings, DollarQuoted(body));
  function.mark = MarkOf(function.create);
  return function;
}

/// A partition's rows count as the whole table's.
constexpr std::string_view kNameOfWhole = R"(
  IF TG_ARGV[0] = 'partitioned' THEN
    SELECT n.nspname, c.relname INTO of_schema, of_table
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = pg_partition_root(TG_RELID);
  END IF;)";

constexpr std::string_view kRowBody = R"(
DECLARE
  of_schema text := TG_TABLE_SCHEMA;
  of_table text := TG_TABLE_NAME;
BEGIN@name_of_whole@
  IF TG_OP = 'DELETE' OR TG_ARGV[1] = 'new key' THEN
    INSERT INTO @table@ (audit_operation, audit_timestamp, tbl_schema, tbl_name, raw_data)
    VALUES ('D', clock_timestamp(), of_schema, of_table, to_jsonb(OLD));
  END IF;
  IF TG_OP = 'INSERT' OR TG_ARGV[1] = 'new key' THEN
    INSERT INTO @table@ (audit_operation, audit_timestamp, tbl_schema, tbl_name, raw_data)
    VALUES ('I', clock_timestamp(), of_schema, of_table, to_jsonb(NEW));
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO @table@ (audit_operation, audit_timestamp, tbl_schema, tbl_name, raw_data)
    VALUES ('U', clock_timestamp(), of_schema, of_table, to_jsonb(NEW));
  END IF;
  RETURN NULL;
END
)";

// The trigger of the whole table stands in for partitions that have none of their own,
// so that each row is written once.
constexpr std::string_view kTruncateBody = R"(
DECLARE
  of_schema text := TG_TABLE_SCHEMA;
  of_table text := TG_TABLE_NAME;
  emptied regclass;
BEGIN
  IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN
    RAISE EXCEPTION '%.% is captured and can only be truncated at READ COMMITTED',
      TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'An older snapshot misses rows that TRUNCATE removes; DELETE works at every level.';
  END IF;@name_of_whole@
  FOR emptied IN
    SELECT TG_RELID WHERE TG_ARGV[1] = 'own rows'
    UNION ALL
    SELECT p.relid FROM pg_partition_tree(TG_RELID) p
    WHERE TG_ARGV[1] = 'partitions' AND p.isleaf AND NOT EXISTS (
      SELECT FROM pg_trigger t JOIN pg_trigger mine ON mine.tgfoid = t.tgfoid
      WHERE t.tgrelid = p.relid AND mine.tgrelid = TG_RELID AND mine.tgname = TG_NAME)
  LOOP
    EXECUTE format('INSERT INTO %s (audit_operation, audit_timestamp, tbl_schema, tbl_name, '
      'raw_data) SELECT ''D'', clock_timestamp(), $1, $2, to_jsonb(r.*) FROM ONLY %s r',
      @table_literal@, emptied) USING of_schema, of_table;
  END LOOP;
  RETURN NULL;
END
)";

/// Whether the extraction `e` has read a row. The row's id of 32 bits is widened to the
/// one below, or at most 2^30 above, this transaction's. What is known of another server,
/// or of another table, says nothing.
std::string IsExtractedSql(std::string_view row, std::string_view log_oid,
                           std::string_view this_xid) {
  return fmt::format(
      "(e.system_identifier = (SELECT s.system_identifier::text FROM pg_control_system() "
      "s)\n"
      "      AND e.table_oid = {1} AND (\n"
      "        coalesce(e.mode = 'audit_xid' AND\n"
      "          pg_visible_in_snapshot({0}.audit_xid, e.covered), false)\n"
      "        OR {0}.xmin::text::int8 < 3\n"
      "        OR {2} + ({0}.xmin::text::int8 - {2} % 4294967296 + 7516192768) % "
      "4294967296\n"
      "          - 3221225472 < pg_snapshot_xmin(e.covered)::text::int8))",
      row, log_oid, this_xid);
}

constexpr std::string_view kGuardBody = R"(
DECLARE
  this_xid int8 := pg_current_xact_id()::text::int8;
  log_oid int8 := coalesce(pg_partition_root(TG_RELID), TG_RELID)::oid::int8;
  is_unread boolean;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    RAISE EXCEPTION 'rows of an audit log are never changed'
    USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Write another event, or remove the guard with calve capture uninstall.';
  END IF;
  IF TG_OP = 'DELETE' THEN
    SELECT coalesce(bool_or(NOT @old_is_extracted@), true)
    INTO is_unread FROM @extracted@ e;
    IF is_unread THEN
      RAISE EXCEPTION 'the audit row % is not extracted yet', OLD.audit_event_id
      USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'Run calve extract first; calve capture status shows what the guard knows.';
    END IF;
    IF EXISTS (SELECT FROM @extracted@ e WHERE e.last_row_id = OLD.audit_event_id) THEN
      RAISE NOTICE 'the audit row % stays: it proves to the next extraction that none is lost',
        OLD.audit_event_id;
      RETURN NULL;
    END IF;
    RETURN OLD;
  END IF;
  IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN
    RAISE EXCEPTION 'an audit log can only be truncated at READ COMMITTED'
    USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'An older snapshot misses rows that TRUNCATE removes.';
  END IF;
  EXECUTE format(@any_unread@, TG_RELID::regclass) INTO is_unread USING log_oid, this_xid;
  IF is_unread THEN
    RAISE EXCEPTION 'the audit log holds rows that are not extracted yet'
    USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Run calve extract first, or calve reset source --yes to give them up.';
  END IF;
  RETURN NULL;
END
)";

/// As format() takes it, with the table left open.
std::string AnyUnreadSql(const CaptureObjects& objects) {
  std::string sql;
  for (const char c :
       fmt::format("(SELECT coalesce(bool_or(NOT {}), true) FROM {} e)",
                   IsExtractedSql("r", "$1", "$2"), objects.extracted_table.sql)) {
    sql += c == '%' ? "%%" : std::string(1, c);
  }
  return "SELECT EXISTS (SELECT FROM %s r WHERE " + sql + ")";
}

}  // namespace

Result<CaptureObjects> NameObjects(postgres::Connection& connection,
                                   const TableRef& table) {
  CALVE_TRY(CheckName(table.schema));
  CALVE_TRY(CheckName(table.name));
  const std::string hash = HashOf(table);
  const std::string base = IsPlain(table.name) ? table.name : hash;
  CaptureObjects objects;
  objects.table_ref = table;
  CALVE_ASSIGN(objects.schema_sql, connection.QuoteName(table.schema));
  CALVE_ASSIGN(objects.table_sql, SqlName(connection, table));
  const auto named = [&](const char* prefix) {
    const std::string name = prefix + base;
    return ObjectName{name, fmt::format("{}.{}", objects.schema_sql, name)};
  };
  objects.row_function = named("calve_capture_");
  objects.truncate_function = named("calve_truncate_");
  objects.guard_function = named("calve_guard_");
  objects.extracted_table = named("calve_extracted_");
  objects.xid_index = named("calve_xid_");
  objects.xid_check = "calve_own_xid";
  // A digit comes first: before triggers of people's own, which may change the row again.
  objects.trigger_prefix = "0_calve_" + hash;
  return objects;
}

FunctionSql RowFunction(const CaptureObjects& objects) {
  return MakeFunction(objects.row_function,
                      Fill(kRowBody, {{"name_of_whole", std::string(kNameOfWhole)},
                                      {"table", objects.table_sql}}));
}

FunctionSql TruncateFunction(const CaptureObjects& objects) {
  return MakeFunction(
      objects.truncate_function,
      Fill(kTruncateBody, {{"name_of_whole", std::string(kNameOfWhole)},
                           {"table_literal", DollarQuoted(objects.table_sql)}}));
}

FunctionSql GuardFunction(const CaptureObjects& objects) {
  return MakeFunction(
      objects.guard_function,
      Fill(kGuardBody,
           {{"old_is_extracted", IsExtractedSql("OLD", "log_oid", "this_xid")},
            {"extracted", objects.extracted_table.sql},
            {"any_unread", DollarQuoted(AnyUnreadSql(objects))}}));
}

std::string AddXidColumnSql(const CaptureObjects& objects, bool column_exists) {
  return fmt::format(
      "{1}ALTER TABLE {0} ALTER COLUMN audit_xid SET DEFAULT pg_current_xact_id();\n"
      "ALTER TABLE {0} DROP CONSTRAINT IF EXISTS {2};\n"
      "ALTER TABLE {0} ADD CONSTRAINT {2} CHECK "
      "(audit_xid IS NOT DISTINCT FROM pg_current_xact_id()) NOT VALID",
      objects.table_sql,
      column_exists
          ? ""
          : fmt::format("ALTER TABLE {} ADD COLUMN audit_xid xid8;\n", objects.table_sql),
      objects.xid_check);
}

std::string CreateExtractedTableSql(const CaptureObjects& objects) {
  return fmt::format(
      "CREATE TABLE {} (consumer text PRIMARY KEY, mode text NOT NULL, "
      "covered pg_snapshot NOT NULL, last_row_id int8, system_identifier text NOT NULL, "
      "table_oid int8 NOT NULL, recorded_at timestamptz NOT NULL)",
      objects.extracted_table.sql);
}

std::string DollarQuoted(const std::string& text) {
  std::string tag = "$calve$";
  // The text's own end may begin the tag.
  for (int i = 1; (text + '$').find(tag) != std::string::npos; ++i) {
    tag = fmt::format("$calve{}$", i);
  }
  return tag + text + tag;
}

std::string MarkOf(const std::string& sql) {
  return "made by calve capture install, version " +
         io::Sha256Hex(sql).substr(0, kHashDigits);
}

}  // namespace calve::capture
