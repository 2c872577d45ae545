#include "capture/reset.h"

#include <fmt/format.h>

#include "capture/capture_objects.h"
#include "capture/cursor.h"
#include "capture/guard.h"
#include "capture/installed.h"

namespace calve::capture {
namespace {

// Below every transaction of people's own.
constexpr uint64_t kFirstXid = 3;

/// TRUNCATE, with the guard's triggers out of its way for the length of the transaction.
Status Truncate(postgres::Connection& connection, const CaptureObjects& objects,
                const Installed& installed) {
  std::string disable;
  std::string enable;
  for (const TriggerSql& trigger : GuardTriggers(objects, *installed.audit_table)) {
    if (installed.triggers.contains({trigger.table_oid, trigger.name})) {
      disable += fmt::format("ALTER TABLE {} DISABLE TRIGGER \"{}\";", trigger.table_sql,
                             trigger.name);
      enable += fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER \"{}\";",
                            trigger.table_sql, trigger.name);
    }
  }
  return connection.Execute(disable + "TRUNCATE " + objects.table_sql + ";" + enable);
}

/// The guard forgets what this pipeline has: it will read it again.
Status ForgetExtracted(postgres::Connection& connection, const ResetRequest& request,
                       const Installed& installed) {
  Cursor nothing;
  nothing.covered = {kFirstXid, kFirstXid, {}};
  nothing.source.table_oid = installed.audit_table->oid;
  CALVE_ASSIGN(const GuardAnswer answer,
               TellGuard(connection, request.audit_table, request.consumer, nothing));
  if (answer == GuardAnswer::kNotAllowed) {
    return Error{
        ErrorKind::kInvalidArgument,
        "this role may not tell the audit table's guard to start over; reset as the "
        "table's owner"};
  }
  return {};
}

}  // namespace

Status ResetAuditTable(postgres::Connection& connection, const ResetRequest& request,
                       const std::function<Status()>& begin_epoch) {
  CALVE_ASSIGN(const CaptureObjects objects,
               NameObjects(connection, request.audit_table));
  CALVE_TRY(connection.Execute("SET lock_timeout = '10s'; BEGIN"));
  CALVE_TRY(connection.Execute("LOCK TABLE " + objects.table_sql +
                               " IN ACCESS EXCLUSIVE MODE"));
  CALVE_ASSIGN(const Installed installed, LookAtInstalled(connection, objects));
  if (!installed.audit_table) {
    return Error{ErrorKind::kNotFound,
                 fmt::format("the audit table {} is gone", objects.table_sql)};
  }
  if (request.truncate) {
    CALVE_TRY(Truncate(connection, objects, installed));
  }
  CALVE_TRY(ForgetExtracted(connection, request, installed));
  CALVE_TRY(begin_epoch());
  return connection.Execute("COMMIT");
}

}  // namespace calve::capture
