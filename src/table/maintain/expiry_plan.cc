#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>

#include "table/maintain/expiry.h"
#include "table/metadata/number_property.h"

namespace calve::table {
namespace {

constexpr const char* kMain = "main";

class ExpiryPlanner {
 public:
  ExpiryPlanner(const TableMetadata& metadata, const ExpiryPolicy& policy, int64_t now_ms)
      : metadata_(metadata), policy_(policy), now_ms_(now_ms) {
    for (const Snapshot& snapshot : metadata.snapshots) {
      by_id_.emplace(snapshot.snapshot_id.value, &snapshot);
    }
  }

  ExpiryPlan Plan(const std::set<SnapshotId>& needed) {
    ExpiryPlan plan;
    std::set<SnapshotId> kept;
    std::set<SnapshotId> reached;
    for (const auto& [name, ref] : metadata_.refs) {
      if (name != kMain && IsOutlived(ref)) {
        plan.refs.push_back(name);
      } else {
        Keep(ref, kept, reached);
      }
    }
    if (metadata_.current_snapshot_id) {
      kept.insert(*metadata_.current_snapshot_id);
    }
    for (const Snapshot& snapshot : metadata_.snapshots) {
      if (!reached.contains(snapshot.snapshot_id) &&
          snapshot.timestamp_ms >= Oldest(std::nullopt)) {
        kept.insert(snapshot.snapshot_id);
      }
    }
    plan.held = KeepNeeded(needed, kept);
    for (const Snapshot& snapshot : metadata_.snapshots) {
      if (!kept.contains(snapshot.snapshot_id)) {
        plan.expired.insert(snapshot.snapshot_id);
      }
    }
    return plan;
  }

 private:
  /// From the snapshot on, newest first, as far as it is retained.
  std::vector<const Snapshot*> Ancestors(SnapshotId id) const {
    std::vector<const Snapshot*> ancestors;
    auto it = by_id_.find(id.value);
    // No chain is longer than the snapshots, unless it is a cycle.
    while (it != by_id_.end() && ancestors.size() < by_id_.size()) {
      ancestors.push_back(it->second);
      const auto parent = it->second->parent_snapshot_id;
      it = parent ? by_id_.find(parent->value) : by_id_.end();
    }
    return ancestors;
  }

  int64_t Oldest(std::optional<int64_t> max_age_ms) const {
    const int64_t age = max_age_ms.value_or(policy_.max_snapshot_age_ms);
    return age > now_ms_ ? std::numeric_limits<int64_t>::min() : now_ms_ - age;
  }

  bool IsOutlived(const SnapshotRef& ref) const {
    const auto it = by_id_.find(ref.snapshot_id.value);
    return it == by_id_.end() ||
           (ref.max_ref_age_ms &&
            it->second->timestamp_ms < now_ms_ - *ref.max_ref_age_ms);
  }

  void Keep(const SnapshotRef& ref, std::set<SnapshotId>& kept,
            std::set<SnapshotId>& reached) const {
    kept.insert(ref.snapshot_id);
    if (ref.type != "branch") {
      reached.insert(ref.snapshot_id);
      return;
    }
    const int64_t least = std::max<int64_t>(
        1, ref.min_snapshots_to_keep.value_or(policy_.min_snapshots_to_keep));
    const int64_t most = std::max(policy_.max_snapshots, least);
    int64_t count = 0;
    bool keeping = true;
    for (const Snapshot* snapshot : Ancestors(ref.snapshot_id)) {
      reached.insert(snapshot->snapshot_id);
      keeping =
          keeping && count < most &&
          (count < least || snapshot->timestamp_ms >= Oldest(ref.max_snapshot_age_ms));
      if (keeping) {
        kept.insert(snapshot->snapshot_id);
        ++count;
      }
    }
  }

  /// \return how many more are kept
  int64_t KeepNeeded(const std::set<SnapshotId>& needed,
                     std::set<SnapshotId>& kept) const {
    if (!metadata_.current_snapshot_id) {
      return 0;
    }
    const auto ancestors = Ancestors(*metadata_.current_snapshot_id);
    const auto oldest = std::find_if(
        ancestors.rbegin(), ancestors.rend(),
        [&](const Snapshot* snapshot) { return needed.contains(snapshot->snapshot_id); });
    int64_t held = 0;
    for (auto it = ancestors.begin(); it != oldest.base(); ++it) {
      held += kept.insert((*it)->snapshot_id).second ? 1 : 0;
    }
    return held;
  }

  const TableMetadata& metadata_;  // Outlives this planner.
  const ExpiryPolicy& policy_;     // Likewise.
  int64_t now_ms_;
  std::unordered_map<int64_t, const Snapshot*> by_id_;
};

}  // namespace

ExpiryPolicy PolicyFor(const TableMetadata& metadata, ExpiryPolicy policy) {
  const Properties& properties = metadata.properties;
  policy.max_snapshot_age_ms = NumberIn(properties, "history.expire.max-snapshot-age-ms")
                                   .value_or(policy.max_snapshot_age_ms);
  policy.min_snapshots_to_keep =
      NumberIn(properties, "history.expire.min-snapshots-to-keep")
          .value_or(policy.min_snapshots_to_keep);
  return policy;
}

bool MayCollect(const TableMetadata& metadata) {
  const auto it = metadata.properties.find("gc.enabled");
  return it == metadata.properties.end() || it->second != "false";
}

ExpiryPlan PlanExpiry(const TableMetadata& metadata, const ExpiryPolicy& policy,
                      const std::set<SnapshotId>& needed, int64_t now_ms) {
  return ExpiryPlanner(metadata, policy, now_ms).Plan(needed);
}

}  // namespace calve::table
