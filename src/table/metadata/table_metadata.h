#pragma once

/// \file table/metadata/table_metadata.h
/// What a metadata file says of a table. Spec: "Table Metadata", "Snapshots".
/// The JSON codec is in table_metadata_json.h.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/timestamp.h"
#include "table/schema/partition.h"
#include "table/schema/schema.h"

namespace calve::table {

struct SnapshotId {
  int64_t value = 0;
  auto operator<=>(const SnapshotId&) const = default;
};

using Properties = std::map<std::string, std::string>;

/// The table's content at one moment.
struct Snapshot {
  SnapshotId snapshot_id;
  std::optional<SnapshotId> parent_snapshot_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;   // Unix epoch
  std::string manifest_list;  // location
  /// `operation` (append, replace, overwrite, delete) and the rest.
  Properties summary;
  std::optional<int32_t> schema_id;
  /// As TableMetadata's (v3's `first-row-id`, `added-rows`, `key-id`).
  // Initialized, so that GCC lets positional initializers leave it out.
  std::string unknown_members = {};  // NOLINT(readability-redundant-member-init)

  bool operator==(const Snapshot&) const = default;

  /// The summary's `operation`, or "" where another writer left it out.
  std::string operation() const;
};

/// A named pointer to a snapshot.
struct SnapshotRef {
  SnapshotId snapshot_id;
  std::string type = "branch";  // or "tag"
  std::optional<int64_t> min_snapshots_to_keep;
  std::optional<int64_t> max_snapshot_age_ms;
  std::optional<int64_t> max_ref_age_ms;

  bool operator==(const SnapshotRef&) const = default;
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  SnapshotId snapshot_id;
  bool operator==(const SnapshotLogEntry&) const = default;
};

struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
  bool operator==(const MetadataLogEntry&) const = default;
};

/// A value: one immutable version of a table's metadata.
struct TableMetadata {
  int32_t format_version = 2;
  std::string table_uuid;  // empty: a version 1 table that never had one
  std::string location;    // no trailing slash
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int32_t last_column_id = 0;
  std::vector<Schema> schemas;
  int32_t current_schema_id = 0;
  std::vector<PartitionSpec> partition_specs;
  int32_t default_spec_id = 0;
  int32_t last_partition_id = 999;
  std::vector<SortOrder> sort_orders;
  int32_t default_sort_order_id = 0;
  Properties properties;
  std::optional<SnapshotId> current_snapshot_id;
  std::vector<Snapshot> snapshots;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::map<std::string, SnapshotRef> refs;
  /// Members of the JSON that this version does not know (statistics, …), kept as they
  /// are: a JSON object as text, or empty.
  std::string unknown_members;

  /// What is current. Requires, as the next two: CheckMetadata finds nothing.
  const Schema& schema() const;
  const PartitionSpec& partition_spec() const;
  const SortOrder& sort_order() const;

  const Schema* FindSchema(int32_t schema_id) const;
  const PartitionSpec* FindSpec(int32_t spec_id) const;
  /// Null if it is not there, expired perhaps.
  const Snapshot* FindSnapshot(SnapshotId id) const;
  /// Null if the table is empty and has no snapshot yet.
  const Snapshot* current_snapshot() const;
  /// The snapshot that was current at a moment, by the snapshot log; null if none was or
  /// if it is expired.
  const Snapshot* SnapshotAsOf(TimestampUs time) const;
  /// The schema that a snapshot was written with; the current one where it does not say.
  const Schema& SchemaOf(const Snapshot& snapshot) const;
  /// Whether `ancestor` is `descendant` or among its parents, as far as they are
  /// retained. Cost: one pass over the snapshots.
  bool IsAncestor(SnapshotId ancestor, SnapshotId descendant) const;

  bool operator==(const TableMetadata&) const = default;
};

/// Checks that ids are unique and that those which point at something resolve: current
/// schema, default spec (its source columns too) and sort order, current snapshot, refs;
/// that parents make no cycle, and that no snapshot is ahead of the last sequence number.
/// \return success, or kCorrupt naming the member of the JSON form that is at fault
Status CheckMetadata(const TableMetadata& metadata);

}  // namespace calve::table
