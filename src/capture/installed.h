#pragma once

/// \file capture/installed.h
/// What of `capture install` is in place around an audit table. Reads only.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/capture_objects.h"
#include "capture/row_triggers.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

/// A trigger as it is.
struct TriggerState {
  bool always = false;  // fires in every session
  std::string mark;
};

struct Installed {
  /// nullopt: there is no audit table, and so nothing else.
  std::optional<SourceTable> audit_table;
  bool has_id_default = false;
  std::optional<std::string> xid_type;  // of the column audit_xid
  bool xid_default = false;
  bool xid_checked = false;
  bool xid_index = false;         // any valid one that begins with the column
  bool broken_xid_index = false;  // ours, left by a build that was interrupted
  bool extracted_table = false;
  std::map<std::string, std::string> function_marks;                 // by name
  std::map<std::pair<int64_t, std::string>, TriggerState> triggers;  // by table, name
  std::vector<int64_t> captured_tables;  // oids of those with row triggers

  bool Has(const FunctionSql& function) const;
  bool Has(const TriggerSql& trigger) const;
  /// Whether all of the guard is in place and fires.
  bool HasGuard(const CaptureObjects& objects) const;
};

Result<Installed> LookAtInstalled(postgres::Connection& connection,
                                  const CaptureObjects& objects);

}  // namespace calve::capture
