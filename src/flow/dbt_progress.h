#pragma once

/// \file flow/dbt_progress.h
/// How far dbt on Trino, the transform's other engine, has brought a table.

#include <optional>

#include "flow/marker.h"
#include "table/metadata/table_metadata.h"

namespace calve::flow {

/// What dbt last recorded of a table with one upstream: everything of the upstream up to
/// this point is in the table. It is written after the rows, so it may lag behind them.
///
/// \return nullopt if it recorded nothing, or if that does not count: the snapshot that
/// it
///         rests on must be an ancestor of the table's current one, and the point one of
///         the upstream's current one, as after neither a rollback nor a replacement
std::optional<UpstreamPoint> FindDbtProgress(const table::TableMetadata& metadata,
                                             const table::TableMetadata& upstream);

}  // namespace calve::flow
