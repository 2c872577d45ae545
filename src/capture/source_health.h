#pragma once

/// \file capture/source_health.h
/// What a source is like, for those who set one up.

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/timestamp.h"
#include "io/postgres/connection.h"

namespace calve::capture {

struct SourceHealth {
  std::string server_version;         // 15.8
  int64_t server_version_number = 0;  // 150008
  std::string role;
  bool is_superuser = false;
  bool may_write = false;  // the role may change rows of the audit table
  bool has_audit_xid = false;
  /// Triggers refuse that rows are updated, deleted and truncated.
  bool is_guarded = false;
  TimestampUs clock;
  /// The oldest transaction that may still add rows: extractions in xmin mode wait for
  /// it.
  struct OpenTransaction {
    std::string who;  // `process 4711 (psql)`, `prepared transaction x`
    int64_t age_seconds = 0;
  };
  std::optional<OpenTransaction> oldest_transaction;
};

/// Looks at the server and the audit table through a session of its own. Reads only.
/// \return Connection's errors; kInvalidArgument, with the remedy, if the table is no
///         audit log or the role may not read it
Result<SourceHealth> ExamineSource(const std::string& dsn, const std::string& table);

}  // namespace calve::capture
