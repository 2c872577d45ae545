#pragma once

/// \file table/commit/snapshot_summary_internal.h
/// The counts of a snapshot's summary, as Iceberg's own writers give them.
/// Spec: Appendix F "Optional Snapshot Summary Fields".

#include <span>
#include <string>

#include "table/manifest/data_file.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

/// What one snapshot did.
struct SnapshotChange {
  std::string operation;
  std::span<const DataFile> added;
  std::span<const DataFile> removed;
  /// Entries of the caller's; computed ones win.
  Properties extra;
  /// Null for the first snapshot. Totals that it lacks are left out, as nobody knows
  /// them.
  const Snapshot* parent = nullptr;
};

Properties Summarize(const SnapshotChange& change);

}  // namespace calve::table
