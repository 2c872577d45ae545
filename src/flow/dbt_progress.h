#pragma once

/// \file flow/dbt_progress.h
/// How far dbt on Trino, the transform's other engine, has brought a table.

#include <optional>

#include "flow/marker.h"
#include "table/metadata/table_metadata.h"

namespace calve::flow {

/// What dbt last recorded of a table with one upstream. It is written after the rows, so
/// it may lag behind them.
struct DbtProgress {
  UpstreamPoint read;     // everything of the upstream up to this point is in the table
  table::SnapshotId own;  // the table's snapshot that holds it
};

/// \return nullopt if dbt recorded nothing, or if that does not count: `own` must be an
///         ancestor of the table's current snapshot, and `read` one of the upstream's
///         current one, as after neither a rollback nor a replacement
std::optional<DbtProgress> FindDbtProgress(const table::TableMetadata& metadata,
                                           const table::TableMetadata& upstream);

}  // namespace calve::flow
