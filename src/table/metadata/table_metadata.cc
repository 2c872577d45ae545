#include "table/metadata/table_metadata.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "table/schema/floor_division.h"

namespace calve::table {
namespace {

template <typename T, typename Matches>
const T* FindBy(const std::vector<T>& values, Matches matches) {
  const auto it = std::find_if(values.begin(), values.end(), matches);
  return it == values.end() ? nullptr : &*it;
}

}  // namespace

std::string Snapshot::operation() const {
  const auto it = summary.find("operation");
  return it == summary.end() ? "" : it->second;
}

const Schema& TableMetadata::schema() const {
  const Schema* current = FindSchema(current_schema_id);
  assert(current != nullptr);
  return *current;
}

const PartitionSpec& TableMetadata::partition_spec() const {
  const PartitionSpec* current = FindSpec(default_spec_id);
  assert(current != nullptr);
  return *current;
}

const SortOrder& TableMetadata::sort_order() const {
  const SortOrder* current = FindBy(sort_orders, [&](const SortOrder& order) {
    return order.order_id == default_sort_order_id;
  });
  assert(current != nullptr);
  return *current;
}

const Schema* TableMetadata::FindSchema(int32_t schema_id) const {
  return FindBy(schemas, [&](const Schema& s) { return s.schema_id == schema_id; });
}

const PartitionSpec* TableMetadata::FindSpec(int32_t spec_id) const {
  return FindBy(partition_specs,
                [&](const PartitionSpec& s) { return s.spec_id == spec_id; });
}

const Snapshot* TableMetadata::FindSnapshot(SnapshotId id) const {
  return FindBy(snapshots, [&](const Snapshot& s) { return s.snapshot_id == id; });
}

const Snapshot* TableMetadata::current_snapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

const Snapshot* TableMetadata::SnapshotAsOf(TimestampUs time) const {
  // The log is in order of commit; clocks of its writers may differ, so the last entry
  // that is not later counts.
  const int64_t time_ms = FloorDivide<int64_t>(time.value, 1000);
  const auto it = std::find_if(
      snapshot_log.rbegin(), snapshot_log.rend(),
      [&](const SnapshotLogEntry& entry) { return entry.timestamp_ms <= time_ms; });
  return it == snapshot_log.rend() ? nullptr : FindSnapshot(it->snapshot_id);
}

const Schema& TableMetadata::SchemaOf(const Snapshot& snapshot) const {
  const Schema* written = snapshot.schema_id ? FindSchema(*snapshot.schema_id) : nullptr;
  return written != nullptr ? *written : schema();
}

bool TableMetadata::IsAncestor(SnapshotId ancestor, SnapshotId descendant) const {
  std::unordered_map<int64_t, SnapshotId> parents;
  for (const Snapshot& snapshot : snapshots) {
    if (snapshot.parent_snapshot_id) {
      parents.emplace(snapshot.snapshot_id.value, *snapshot.parent_snapshot_id);
    }
  }
  // No chain is longer than the snapshots, unless it is a cycle.
  for (size_t steps = 0; steps <= snapshots.size(); ++steps) {
    if (ancestor == descendant) {
      return true;
    }
    const auto parent = parents.find(descendant.value);
    if (parent == parents.end()) {
      return false;
    }
    descendant = parent->second;
  }
  return false;
}

}  // namespace calve::table
