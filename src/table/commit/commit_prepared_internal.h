#pragma once

/// \file table/commit/commit_prepared_internal.h
/// The commit of updates whose files are written.

#include <vector>

#include "core/result.h"
#include "table/commit/table_update.h"

namespace calve::table {

/// Swaps the pointers of all, and finds out what became of a commit without a reply.
/// Errors, and what is deleted with them, are those of CommitUpdates.
Status CommitPrepared(const CommitContext& context,
                      const std::vector<PreparedUpdate>& prepared);

/// Deletes what was written for updates that will not be committed; what stays is an
/// orphan.
void DeleteWritten(io::ObjectStore& store, const std::vector<PreparedUpdate>& prepared);

}  // namespace calve::table
