#pragma once

/// \file capture/continuity.h
/// Whether the source is still the one that the cursor speaks of. Pure.

#include <optional>
#include <vector>

#include "capture/cursor.h"
#include "capture/read_rule.h"
#include "core/result.h"

namespace calve::capture {

/// The source now.
struct SourceNow {
  SnapshotView view;
  std::string system_identifier;
  int64_t timeline = 0;
  int64_t table_oid = 0;
  std::optional<int64_t> sequence_value;
  /// Of the rows that carry the id of the cursor's last row.
  std::vector<RowMark> last_row_marks;
};

/// Proves, as far as it can be proven, that nothing was lost since the cursor.
///
/// \return kCorrupt, a named halt with its remedy: `source_changed` (another server,
///         timeline or table), `cursor_ahead_of_source` (transactions that the source
///         doesn't have yet), `audit_rows_lost` (the ids start over, or the last row that
///         was read is gone or another)
Status CheckContinuity(const Cursor& since, const SourceNow& now);

}  // namespace calve::capture
