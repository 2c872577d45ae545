#include "capture/capture_status.h"

#include <fmt/format.h>

#include "capture/audit_table.h"
#include "capture/installed.h"
#include "capture/read_rule.h"

namespace calve::capture {
namespace {

constexpr std::string_view kRunInstall = "; run calve capture install again";

std::string CursorProblem(const Installed& installed) {
  if (!installed.xid_default) {
    return "the table has no column audit_xid in use: each extraction reads all of it; "
           "run "
           "calve capture install";
  }
  if (!installed.xid_checked) {
    return "rows could bring an audit_xid of their own" + std::string(kRunInstall);
  }
  if (!installed.xid_index) {
    return "the column audit_xid has no index" + std::string(kRunInstall);
  }
  return "";
}

std::string TableProblem(const Installed& installed, const CaptureObjects& objects,
                         const SourceTable& table) {
  std::string problem;
  const auto add = [&](const std::string& what) {
    problem += (problem.empty() ? "" : ", ") + what;
  };
  if (!installed.Has(RowFunction(objects)) || !installed.Has(TruncateFunction(objects))) {
    add("its functions are of another version");
  }
  for (const TriggerSql& trigger : CaptureTriggers(objects, table)) {
    const auto it = installed.triggers.find({trigger.table_oid, trigger.name});
    if (it == installed.triggers.end()) {
      add(fmt::format("{} lacks the trigger {}", trigger.table_sql, trigger.name));
    } else if (!it->second.always) {
      add(fmt::format("the trigger {} of {} is disabled", trigger.name,
                      trigger.table_sql));
    } else if (it->second.mark != trigger.mark) {
      add(fmt::format("the trigger {} of {} was made for another key or version",
                      trigger.name, trigger.table_sql));
    }
  }
  return problem.empty() ? "" : problem + std::string(kRunInstall);
}

}  // namespace

Result<CaptureStatus> LookAtCapture(postgres::Connection& connection,
                                    const TableRef& audit_table) {
  CALVE_ASSIGN(const CaptureObjects objects, NameObjects(connection, audit_table));
  CALVE_ASSIGN(const Installed installed, LookAtInstalled(connection, objects));
  CaptureStatus status;
  if (!installed.audit_table) {
    return status;
  }
  status.table_exists = true;
  CALVE_ASSIGN(const AuditTable table, DescribeAuditTable(connection, audit_table));
  status.cursor = CursorModeName(ModeOf(table));
  status.cursor_problem = CursorProblem(installed);
  status.guarded = installed.HasGuard(objects);
  if (installed.extracted_table) {
    auto marks = ReadGuardMarks(connection, audit_table);
    if (marks) {
      status.marks = *std::move(marks);
    } else {
      status.marks_problem = marks.error().message;
    }
  }
  for (const int64_t oid : installed.captured_tables) {
    CALVE_ASSIGN(const SourceTable source, FindSourceTable(connection, oid));
    status.tables.push_back({source.ref.schema + "." + source.ref.name, source.key,
                             TableProblem(installed, objects, source)});
  }
  return status;
}

}  // namespace calve::capture
