#pragma once

/// \file capture/install.h
/// `capture install` and `uninstall` as plans of SQL: made from what is there, shown or
/// carried out. A plan of what is in place already is empty.

#include <optional>
#include <string>
#include <vector>

#include "capture/table_ref.h"
#include "core/progress.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

struct InstallRequest {
  TableRef audit_table = {};
  std::vector<TableRef> tables = {};       // to capture, besides those that are
  std::optional<std::string> schema = {};  // all of its tables
  /// Writes an `I` for each row that a table holds when its capture begins.
  bool existing_rows = false;
  std::optional<std::string> role = {};  // may read the audit table from now on
  bool role_records = false;             // and tell the guard what it extracted
};

struct UninstallRequest {
  TableRef audit_table = {};
  std::vector<TableRef> tables =
      {};  // no longer to capture; none, and no schema: all of it
  std::optional<std::string> schema = {};
  std::optional<std::string> role = {};  // may no longer read it
  bool drop_audit_table = false;
};

/// One or more statements, which are carried out together unless the step waits.
struct SqlStep {
  std::string what;
  std::string sql;
  /// One statement outside of a transaction that blocks nobody, and itself waits for
  /// transactions that are older.
  bool waits = false;
};

struct CapturePlan {
  struct Skipped {
    std::string table;
    std::string reason;
  };
  std::vector<SqlStep> steps;
  std::vector<Skipped> skipped;  // tables of a schema that can't be captured
};

/// \return the steps that are missing; kNotFound for a table, schema or role that is not
///         there; kInvalidArgument, with the remedy, for a table that can't be captured
///         or an audit table that can't be used; Connection's errors
Result<CapturePlan> PlanInstall(postgres::Connection& connection,
                                const InstallRequest& request);

/// \return the steps that take away what is there; errors as PlanInstall
Result<CapturePlan> PlanUninstall(postgres::Connection& connection,
                                  const UninstallRequest& request);

/// Carries a plan out, step by step; each is idempotent together with its planning, so
/// what was interrupted is planned and applied again. No statement waits longer than 10 s
/// for a lock that others would queue behind.
///
/// \return kUnavailable, naming the step, where a lock is not to be had; kConflict if
///         another plan is being applied; Connection's errors
Status ApplyPlan(postgres::Connection& connection, const CapturePlan& plan,
                 Progress& progress);

/// The plan as a script for psql.
std::string ScriptOf(const CapturePlan& plan);

}  // namespace calve::capture
