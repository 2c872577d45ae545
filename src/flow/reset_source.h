#pragma once

/// \file flow/reset_source.h
/// A new epoch of the ledger: an entry without a cursor, behind which the next extraction
/// reads all that the audit table holds, from whatever source it then finds.

#include <cstdint>

#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::flow {

struct ResetSourceReport {
  int64_t ledger_entry = 0;  // the epoch's
};

/// Begins an epoch; truncates the audit table before, unless its rows are to be kept.
/// What was extracted stays, and so do the labels of its intervals. Rows that are read
/// again are dropped by their ids.
///
/// \return the errors of capture::ResetAuditTable; kUnavailable
Result<ResetSourceReport> ResetSource(const Pipeline& pipeline, bool keep_rows);

}  // namespace calve::flow
