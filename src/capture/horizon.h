#pragma once

/// \file capture/horizon.h
/// Who holds rows back: in xmin mode an extraction reads only below the oldest
/// transaction that is in progress anywhere in the server.

#include <cstdint>
#include <optional>
#include <string>

#include "capture/audit_table.h"
#include "capture/read_rule.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

/// The oldest transaction in progress.
struct Horizon {
  enum class Holder {
    kBackend,   // `pid` runs it
    kPrepared,  // it waits as `prepared` for COMMIT PREPARED or ROLLBACK PREPARED
    kHidden,    // its session is another role's, and this one may not see whose
  };
  Holder holder = Holder::kHidden;
  std::optional<int64_t> pid;
  std::optional<std::string> prepared;
  std::optional<double> age_seconds;
  /// Committed rows that wait for it, counted among the thousand newest ids; none by
  /// audit_xid, where nothing waits.
  int64_t rows_behind = 0;

  bool operator==(const Horizon&) const = default;
};

/// `backend`, `prepared`, `hidden`.
std::string HolderName(Horizon::Holder holder);

/// The horizon of a snapshot. Requires: the transaction that took it.
/// \return nullopt if no transaction is in progress, or it has ended meanwhile
Result<std::optional<Horizon>> LookAtHorizon(postgres::Connection& connection,
                                             const AuditTable& table,
                                             const Snapshot& snapshot);

/// What to tell people of rows that wait; nullopt if none does, or not for long.
std::optional<std::string> HorizonWarning(const Horizon& horizon);

}  // namespace calve::capture
