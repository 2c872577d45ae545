#pragma once

/// \file flow/marker.h
/// Progress markers: how far a table has consumed its upstream, written in the same
/// commit as the rows (ARCHITECTURE.md "State").

#include <optional>
#include <string>

#include "table/commit/table_update.h"
#include "table/metadata/table_metadata.h"

namespace calve::flow {

/// A snapshot of an upstream table.
struct UpstreamPoint {
  std::string table_uuid;
  table::SnapshotId snapshot_id;
  int64_t sequence_number = 0;

  bool operator==(const UpstreamPoint&) const = default;
};

/// The current snapshot of a table as a point; nullopt if it has none.
std::optional<UpstreamPoint> CurrentPoint(const table::TableMetadata& metadata);

/// The point that a table will be at once this update is committed.
UpstreamPoint NextPoint(const table::TableUpdate& update);

/// Records in the update's snapshot summary, and in a table property, that its table has
/// consumed `upstream` (a table's full name) up to and with `point`.
void SetMarker(table::TableUpdate& update, const std::string& upstream,
               const UpstreamPoint& point);

/// Reads the marker for `upstream`, if it is true.
///
/// The newest ancestor of the current snapshot that carries one in its summary counts, if
/// it says the parent that the snapshot really has (so a copied summary does not). Where
/// snapshots are expired, the property counts if the snapshot that wrote it is the parent
/// of the oldest one retained. A marker that a rollback or a CREATE OR REPLACE left
/// behind does not.
std::optional<UpstreamPoint> FindMarker(const table::TableMetadata& metadata,
                                        const std::string& upstream);

/// The ancestor of the current snapshot that the marker for `upstream` rests on: without
/// it and all that follow it, the marker would not count any more. nullopt if there is
/// none.
std::optional<table::SnapshotId> MarkerSnapshot(const table::TableMetadata& metadata,
                                                const std::string& upstream);

/// The newest retained snapshot that carries a marker for `upstream` which was its own,
/// whether or not the current snapshot descends from it. nullopt if there is none.
std::optional<table::SnapshotId> NewestMarkedSnapshot(
    const table::TableMetadata& metadata, const std::string& upstream);

/// Whether a table with this marker has consumed all rows of the upstream: its point is
/// the current snapshot, or only rewrites (`replace`) have followed it.
bool HasConsumed(const table::TableMetadata& upstream,
                 const std::optional<UpstreamPoint>& marker);

}  // namespace calve::flow
