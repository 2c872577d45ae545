#pragma once

/// \file flow/vanished.h
/// Whether an upstream still has every event that was consumed from it.

#include "core/result.h"
#include "flow/marker.h"
#include "io/object_store.h"
#include "table/catalog/catalog.h"

namespace calve::flow {

/// Proves that no event has left `upstream` since `downstream` consumed it up to `from`.
///
/// Where the upstream still has that snapshot, the files that came since are held against
/// those that went, by event id: a rewrite that keeps all events passes. Otherwise every
/// event of the downstream must be in the upstream.
///
/// \return kCorrupt, the named halt `rows_vanished`, naming the first ids and the remedy
///
/// Cost: reads the ids of the files that differ; of both tables, where the snapshot is
/// gone. Memory: 64 MiB.
Status CheckNothingVanished(io::ObjectStore& store, const table::LoadedTable& upstream,
                            const table::LoadedTable& downstream,
                            const UpstreamPoint& from);

}  // namespace calve::flow
