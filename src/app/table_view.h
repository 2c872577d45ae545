#pragma once

/// \file app/table_view.h
/// Figures of a table, from its metadata and its manifests.

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "io/object_store.h"
#include "table/metadata/table_metadata.h"

namespace calve::app {

/// Totals of a snapshot as its summary gives them; nullopt where the writer left one out.
struct SnapshotTotals {
  std::optional<int64_t> rows;  // data rows less deleted positions
  std::optional<int64_t> data_files;
  std::optional<int64_t> delete_files;
  std::optional<int64_t> bytes;
};

SnapshotTotals TotalsOf(const table::Snapshot& snapshot);

/// When a snapshot was committed.
TimestampUs TimeOf(const table::Snapshot& snapshot);

/// Finds a snapshot by its id, or the one that was current at a time; "" or `current` is
/// the newest. kNotFound, also for an empty table; kInvalidArgument for another text.
Result<const table::Snapshot*> FindSnapshot(const table::TableMetadata& metadata,
                                            const std::string& text);

/// A type as people write it: `list<string>`, `decimal(12,2)`.
std::string TypeText(const table::Type& type);

/// A location as a path where it is local.
std::string PathText(const std::string& location);

/// Where temporary files go: TMPDIR, or /tmp.
std::string ScratchFolder();

}  // namespace calve::app
