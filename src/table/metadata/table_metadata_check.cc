#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "table/metadata/table_metadata.h"
#include "table/schema/json_member.h"

namespace calve::table {
namespace {

constexpr const char* kMainBranch = "main";

/// Checks that no two of the values have the same id, which `id_of` gives.
template <typename T, typename IdOf>
Status CheckUnique(std::string_view member, const std::vector<T>& values, IdOf id_of) {
  std::set<int64_t> seen;
  for (const T& value : values) {
    const int64_t id = id_of(value);
    if (!seen.insert(id).second) {
      return MemberError(member, fmt::format("id {} repeated", id));
    }
  }
  return {};
}

Status CheckIdsUnique(const TableMetadata& metadata) {
  CALVE_TRY(CheckUnique("schemas", metadata.schemas,
                        [](const Schema& schema) { return schema.schema_id; }));
  CALVE_TRY(CheckUnique("partition-specs", metadata.partition_specs,
                        [](const PartitionSpec& spec) { return spec.spec_id; }));
  CALVE_TRY(CheckUnique("sort-orders", metadata.sort_orders,
                        [](const SortOrder& order) { return order.order_id; }));
  return CheckUnique("snapshots", metadata.snapshots,
                     [](const Snapshot& snapshot) { return snapshot.snapshot_id.value; });
}

Error Unresolved(std::string_view member, int64_t id) {
  return MemberError(member, fmt::format("{} is not there", id));
}

Status CheckSortOrder(const TableMetadata& metadata) {
  for (const SortOrder& order : metadata.sort_orders) {
    if (order.order_id != metadata.default_sort_order_id) {
      continue;
    }
    for (const SortField& field : order.fields) {
      if (metadata.schema().FindNested(field.source_id) == nullptr) {
        return MemberError(
            "default-sort-order-id",
            fmt::format("its source column {} is missing", field.source_id.value));
      }
    }
    return {};
  }
  return Unresolved("default-sort-order-id", metadata.default_sort_order_id);
}

Status CheckDefaults(const TableMetadata& metadata) {
  if (metadata.FindSchema(metadata.current_schema_id) == nullptr) {
    return Unresolved("current-schema-id", metadata.current_schema_id);
  }
  if (metadata.FindSpec(metadata.default_spec_id) == nullptr) {
    return Unresolved("default-spec-id", metadata.default_spec_id);
  }
  const auto type = PartitionType(metadata.partition_spec(), metadata.schema());
  if (!type) {
    return MemberError("default-spec-id", type.error().message);
  }
  return CheckSortOrder(metadata);
}

Status CheckSequenceNumbers(const TableMetadata& metadata) {
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (snapshot.sequence_number > metadata.last_sequence_number) {
      return MemberError("last-sequence-number",
                         fmt::format("behind snapshot {}", snapshot.snapshot_id.value));
    }
  }
  return {};
}

/// Checks that no snapshot is its own ancestor, visiting each once.
Status CheckParents(const TableMetadata& metadata) {
  std::unordered_map<int64_t, const Snapshot*> by_id;
  for (const Snapshot& snapshot : metadata.snapshots) {
    by_id.emplace(snapshot.snapshot_id.value, &snapshot);
  }
  std::unordered_map<const Snapshot*, const Snapshot*> start_of_visit;
  for (const Snapshot& start : metadata.snapshots) {
    const Snapshot* at = &start;
    while (at != nullptr && start_of_visit.emplace(at, &start).second) {
      const auto parent = at->parent_snapshot_id
                              ? by_id.find(at->parent_snapshot_id->value)
                              : by_id.end();
      at = parent == by_id.end() ? nullptr : parent->second;
    }
    if (at != nullptr && start_of_visit.at(at) == &start) {
      return MemberError("snapshots",
                         fmt::format("{} is its own ancestor", at->snapshot_id.value));
    }
  }
  return {};
}

Status CheckRefs(const TableMetadata& metadata) {
  std::set<SnapshotId> snapshots;
  for (const Snapshot& snapshot : metadata.snapshots) {
    snapshots.insert(snapshot.snapshot_id);
  }
  const auto& current = metadata.current_snapshot_id;
  if (current && !snapshots.contains(*current)) {
    return Unresolved("current-snapshot-id", current->value);
  }
  for (const auto& [name, ref] : metadata.refs) {
    if (!snapshots.contains(ref.snapshot_id)) {
      return Unresolved(fmt::format("refs.{}.snapshot-id", name), ref.snapshot_id.value);
    }
  }
  const auto main = metadata.refs.find(kMainBranch);
  if (main != metadata.refs.end() && current != main->second.snapshot_id) {
    return MemberError("refs.main", "is not the current snapshot");
  }
  return {};
}

}  // namespace

Status CheckMetadata(const TableMetadata& metadata) {
  CALVE_TRY(CheckIdsUnique(metadata));
  CALVE_TRY(CheckDefaults(metadata));
  CALVE_TRY(CheckSequenceNumbers(metadata));
  CALVE_TRY(CheckParents(metadata));
  return CheckRefs(metadata);
}

}  // namespace calve::table
