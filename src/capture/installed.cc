#include "capture/installed.h"

#include <algorithm>

#include <fmt/format.h>

namespace calve::capture {
namespace {

constexpr const char* kInstalledColumnsSql =
    "SELECT a.attname, format_type(a.atttypid, NULL), a.attidentity <> '' OR "
    "d.oid IS NOT NULL, coalesce(pg_get_expr(d.adbin, d.adrelid), '') FROM pg_attribute "
    "a "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE "
    "a.attrelid = $1::oid AND NOT a.attisdropped AND a.attname IN ('audit_event_id', "
    "'audit_xid')";

constexpr const char* kIndexesSql =
    "SELECT i.indisvalid, c.relname = $2 FROM pg_index i JOIN pg_class c ON c.oid = "
    "i.indexrelid JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = "
    "i.indkey[0] "
    "WHERE i.indrelid = $1::oid AND a.attname = 'audit_xid' AND i.indpred IS NULL";

constexpr const char* kFunctionsSql =
    "SELECT p.proname, coalesce(obj_description(p.oid, 'pg_proc'), '') FROM pg_proc p "
    "JOIN "
    "pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.pronargs = 0 "
    "AND "
    "p.proname IN ($2, $3, $4)";

/// Those of partitions that came with the whole table's are left out.
constexpr const char* kTriggersSql =
    "SELECT t.tgrelid::int8, t.tgname, t.tgenabled = 'A', "
    "coalesce(obj_description(t.oid, "
    "'pg_trigger'), ''), p.proname = $2 FROM pg_trigger t JOIN pg_proc p ON p.oid = "
    "t.tgfoid "
    "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.pronargs = "
    "0 "
    "AND p.proname IN ($2, $3, $4) AND t.tgparentid = 0 ORDER BY t.tgrelid";

Status AddColumns(postgres::Connection& connection, const std::string& oid,
                  Installed& out) {
  CALVE_ASSIGN(const postgres::Rows rows, connection.Query(kInstalledColumnsSql, {oid}));
  for (int i = 0; i < rows.size(); ++i) {
    if (rows.text(i, 0) == "audit_event_id") {
      out.has_id_default = rows.text(i, 2) == "t";
    } else {
      out.xid_type = rows.text(i, 1);
      out.xid_default = rows.text(i, 3).find("pg_current_xact_id()") != std::string::npos;
    }
  }
  return {};
}

Status AddTableParts(postgres::Connection& connection, const CaptureObjects& objects,
                     Installed& out) {
  const std::string oid = std::to_string(out.audit_table->oid);
  CALVE_TRY(AddColumns(connection, oid, out));
  CALVE_ASSIGN(const postgres::Rows check,
               connection.Query("SELECT FROM pg_constraint WHERE conrelid "
                                "= $1::oid AND conname = $2",
                                {oid, objects.xid_check}));
  out.xid_checked = check.size() > 0;
  CALVE_ASSIGN(const postgres::Rows indexes,
               connection.Query(kIndexesSql, {oid, objects.xid_index.name}));
  for (int i = 0; i < indexes.size(); ++i) {
    const bool valid = indexes.text(i, 0) == "t";
    out.xid_index = out.xid_index || valid;
    out.broken_xid_index = out.broken_xid_index || (!valid && indexes.text(i, 1) == "t");
  }
  CALVE_ASSIGN(const postgres::Rows extracted,
               connection.Query("SELECT to_regclass($1) IS NOT NULL",
                                {objects.extracted_table.sql}));
  out.extracted_table = extracted.text(0, 0) == "t";
  return {};
}

Status AddFunctionsAndTriggers(postgres::Connection& connection,
                               const CaptureObjects& objects, Installed& out) {
  const postgres::Parameters functions = {
      objects.table_ref.schema, objects.row_function.name, objects.truncate_function.name,
      objects.guard_function.name};
  CALVE_ASSIGN(const postgres::Rows marks, connection.Query(kFunctionsSql, functions));
  for (int i = 0; i < marks.size(); ++i) {
    out.function_marks[std::string(marks.text(i, 0))] = marks.text(i, 1);
  }
  CALVE_ASSIGN(const postgres::Rows triggers, connection.Query(kTriggersSql, functions));
  for (int i = 0; i < triggers.size(); ++i) {
    const int64_t table = triggers.number(i, 0);
    out.triggers[{table, std::string(triggers.text(i, 1))}] = {
        triggers.text(i, 2) == "t", std::string(triggers.text(i, 3))};
    if (triggers.text(i, 4) == "t" &&
        (out.captured_tables.empty() || out.captured_tables.back() != table)) {
      out.captured_tables.push_back(table);
    }
  }
  return {};
}

}  // namespace

bool Installed::Has(const FunctionSql& function) const {
  const auto it = function_marks.find(function.name.name);
  return it != function_marks.end() && it->second == function.mark;
}

bool Installed::Has(const TriggerSql& trigger) const {
  const auto it = triggers.find({trigger.table_oid, trigger.name});
  return it != triggers.end() && it->second.always && it->second.mark == trigger.mark;
}

bool Installed::HasGuard(const CaptureObjects& objects) const {
  if (!audit_table || !extracted_table || !Has(GuardFunction(objects))) {
    return false;
  }
  const auto wanted = GuardTriggers(objects, *audit_table);
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const TriggerSql& trigger) { return Has(trigger); });
}

Result<Installed> LookAtInstalled(postgres::Connection& connection,
                                  const CaptureObjects& objects) {
  Installed out;
  auto table = FindSourceTable(connection, objects.table_ref);
  if (!table && table.error().kind == ErrorKind::kNotFound) {
    return out;
  }
  if (!table) {
    return table.error();
  }
  out.audit_table = *std::move(table);
  CALVE_TRY(AddTableParts(connection, objects, out));
  CALVE_TRY(AddFunctionsAndTriggers(connection, objects, out));
  return out;
}

}  // namespace calve::capture
