#pragma once

/// \file capture/reset.h
/// Starting over with an audit table: its rows given up, or read again from the first.

#include <functional>
#include <string>

#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

struct ResetRequest {
  TableRef audit_table;
  std::string consumer;  // of the guard's mark: it covers nothing from now on
  bool truncate = true;  // past the guard; ids go on from where they are
};

/// Locks the table so that no extraction reads it, truncates it if asked to, and then has
/// `begin_epoch` make the pipeline forget its cursor. All of it happens or nothing; if
/// the last commit fails, the epoch has begun and reads what is there again.
///
/// \return kInvalidArgument where this role does not own the table; kUnavailable if the
///         lock is not to be had within 10 s; the errors of `begin_epoch`
Status ResetAuditTable(postgres::Connection& connection, const ResetRequest& request,
                       const std::function<Status()>& begin_epoch);

}  // namespace calve::capture
