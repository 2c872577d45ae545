#include "model/current.h"

#include <algorithm>

#include "model/key_groups_internal.h"

namespace calve::model {
namespace {

/// The index of the group's latest event, the first of its copies.
uint32_t LatestOf(const std::vector<KeyedEvent>& events, std::span<const uint32_t> group,
                  contract::EventOrder order) {
  uint32_t latest = group.front();
  for (const uint32_t index : group.subspan(1)) {
    if (Before(order, events[latest].position, events[index].position)) {
      latest = index;
    }
  }
  return latest;
}

}  // namespace

CurrentPlan PlanCurrent(const std::vector<KeyedEvent>& events, const LatestEvents& stored,
                        contract::EventOrder order) {
  CurrentPlan plan;
  std::vector<bool> comes(events.size(), false);  // Keys come in any order, rows ascend.
  const KeyGroups groups(events);
  for (size_t group = 0; group < groups.size(); ++group) {
    const uint32_t index = LatestOf(events, groups[group], order);
    const KeyedEvent& latest = events[index];
    const auto known = stored.find(latest.key);
    if (known != stored.end()) {
      if (!Before(order, known->second, latest.position)) {
        continue;
      }
      plan.removed.push_back(latest.key);
    }
    comes[index] = !latest.is_delete;
  }
  for (size_t i = 0; i < events.size(); ++i) {
    if (comes[i]) {
      plan.inserted.push_back(events[i].row);
    }
  }
  if (!std::is_sorted(plan.inserted.begin(), plan.inserted.end())) {
    std::sort(plan.inserted.begin(), plan.inserted.end());
  }
  return plan;
}

}  // namespace calve::model
