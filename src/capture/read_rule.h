#pragma once

/// \file capture/read_rule.h
/// Which rows an extraction reads, and what it has covered then: the rule that no row is
/// ever skipped. Ids and timestamps are assigned before commit, so neither says what was
/// visible; transactions do. Pure.

#include <cstdint>
#include <optional>
#include <string>

#include "capture/audit_table.h"
#include "capture/cursor.h"
#include "core/result.h"
#include "core/timestamp.h"

namespace calve::capture {

/// The rules that keep rows from being lost. Tests take one out to see rows get lost;
/// everything else leaves them as they are.
struct CaptureRules {
  /// Reads by transaction; else by ids above the largest that was read.
  bool read_by_transaction = true;
  /// In audit_xid mode, asks the column; else the row's xmin, which may be a
  /// sub-transaction's.
  bool top_level_ids = true;
  /// Waits until the source's log is durable up to the cursor.
  bool await_flush = true;
};

/// The source at the moment of the snapshot.
struct SnapshotView {
  Snapshot snapshot;
  bool in_recovery = false;  // a standby
};

/// The cursor mode that the table calls for.
CursorMode ModeOf(const AuditTable& table);

/// What an extraction in this mode covers. A standby's snapshot doesn't tell which
/// transactions above its xmin were in progress, so there only those below count.
Snapshot CoveredBy(CursorMode mode, const SnapshotView& view);

/// The SQL condition, on the table as `t`, of the rows that are in the view and that
/// `since` doesn't cover.
///
/// The id of 64 bits that a row's xmin stands for is the largest below the snapshot's
/// xmax with those 32 low bits. Ids 1 and 2 (bootstrap, frozen) are older than any
/// cursor: their rows belong to the first extraction. Rows without audit_xid were there
/// before the column was in use; the first extraction by that column reads them all.
std::string UnreadRowsSql(const AuditTable& table, const std::optional<Cursor>& since,
                          const SnapshotView& view, const CaptureRules& rules);

/// The SQL condition, on the table as `t`, of the rows in the view that extractions up to
/// `cut` have read: what UnreadRowsSql leaves out behind it.
///
/// \return kInvalidArgument if the cut is by a column audit_xid that the table no longer
///         has: only another extraction makes a cut that can be told then
Result<std::string> CoveredRowsSql(const AuditTable& table, const Cursor& cut,
                                   const SnapshotView& view);

/// The SQL condition of the rows, as `t`, that are in the snapshot and that xmin mode
/// can't read yet: a transaction that is older than theirs has not ended.
std::string RowsBehindSql(const Snapshot& snapshot);

/// A span of `audit_timestamp`, its end excluded.
struct TimeWindow {
  TimestampUs start;
  TimestampUs end;
};

/// The SQL condition of the rows within a window.
std::string WindowRowsSql(const TimeWindow& window);

}  // namespace calve::capture
