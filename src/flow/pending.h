#pragma once

/// \file flow/pending.h
/// What of an upstream table has not been consumed yet.

#include <optional>
#include <vector>

#include "flow/marker.h"
#include "io/object_store.h"
#include "table/catalog/catalog.h"
#include "table/scan/scan.h"

namespace calve::flow {

/// Rows to consume, and where the upstream then stands.
struct Pending {
  std::vector<table::ScanTask> tasks;
  UpstreamPoint to;
  /// The tasks are the whole table: the difference could not be told from its snapshots.
  bool rescan = false;
};

/// Plans what an upstream gained since `from`: the files appended since then where its
/// snapshots prove that this is the whole difference, otherwise all of its live files
/// (repeats are harmless, since events have ids). nullopt if there is nothing new, or
/// only the same rows in other files.
Result<std::optional<Pending>> FindPending(io::ObjectStore& store,
                                           const table::TableMetadata& upstream,
                                           const std::optional<UpstreamPoint>& from);

}  // namespace calve::flow
