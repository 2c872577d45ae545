#pragma once

/// \file capture/capture_status.h
/// What `capture status` tells of an audit table. Reads only; a role that may do no more
/// than extract can ask.

#include <optional>
#include <string>
#include <vector>

#include "capture/guard.h"
#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

struct CapturedTable {
  std::string table;
  std::vector<std::string> key;
  std::string problem;  // empty: all of its triggers are as they should be
};

struct CaptureStatus {
  bool table_exists = false;
  std::string cursor;          // xmin, audit_xid
  std::string cursor_problem;  // what `capture install` would mend; empty: nothing
  bool guarded = false;
  std::vector<GuardMark> marks;
  std::string marks_problem;  // why they can't be read
  std::vector<CapturedTable> tables;
};

/// \return kInvalidArgument if the table is no audit log; Connection's errors
Result<CaptureStatus> LookAtCapture(postgres::Connection& connection,
                                    const TableRef& audit_table);

}  // namespace calve::capture
