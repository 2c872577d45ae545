#include "model/current.h"

#include <algorithm>

#include "model/key_groups_internal.h"

namespace calve::model {
namespace {

/// The group's latest event, the first of its copies.
const KeyedEvent& LatestOf(const std::vector<KeyedEvent>& events,
                           std::span<const uint32_t> group, contract::EventOrder order) {
  const KeyedEvent* latest = &events[group.front()];
  for (const uint32_t index : group.subspan(1)) {
    if (Before(order, latest->position, events[index].position)) {
      latest = &events[index];
    }
  }
  return *latest;
}

}  // namespace

CurrentPlan PlanCurrent(const std::vector<KeyedEvent>& events, const LatestEvents& stored,
                        contract::EventOrder order) {
  CurrentPlan plan;
  const KeyGroups groups(events);
  for (size_t group = 0; group < groups.size(); ++group) {
    const KeyedEvent& latest = LatestOf(events, groups[group], order);
    const auto known = stored.find(latest.key);
    if (known != stored.end()) {
      if (!Before(order, known->second, latest.position)) {
        continue;
      }
      plan.removed.push_back(latest.key);
    }
    if (!latest.is_delete) {
      plan.inserted.push_back(latest.row);
    }
  }
  std::sort(plan.inserted.begin(), plan.inserted.end());
  return plan;
}

}  // namespace calve::model
