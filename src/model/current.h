#pragma once

/// \file model/current.h
/// The latest version of each key; a key whose latest event is a delete has none.

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "contract/contract.h"
#include "model/key.h"

namespace calve::model {

/// A new event, as the mart models see it.
struct KeyedEvent {
  RowKey key;
  EventPosition position;
  bool is_delete = false;
  int64_t row = 0;  // in the caller's batch
};

/// The latest event of each key that is stored, deletes too; keys without one are absent.
using LatestEvents = std::unordered_map<RowKey, EventPosition>;

struct CurrentPlan {
  /// Keys whose row in the table, if there is one, goes.
  std::vector<RowKey> removed;
  /// Rows of the batch that come, ascending.
  std::vector<int64_t> inserted;
};

/// Plans the change of a current-state table. The result is a function of the set of
/// events: late, repeated, tied and re-inserted ones need no case of their own. An event
/// that is stored already plans nothing.
///
/// \param events  in any order, repeats allowed
/// \param stored  the latest stored event of (at least) every key in `events`
///
/// Cost: O(events). Thread-safe.
CurrentPlan PlanCurrent(const std::vector<KeyedEvent>& events, const LatestEvents& stored,
                        contract::EventOrder order);

}  // namespace calve::model
