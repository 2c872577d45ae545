#pragma once

/// \file model/history.h
/// Type-2 history: one version per event, each valid until its key's next event.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "contract/contract.h"
#include "model/current.h"
#include "model/key.h"

namespace calve::model {

/// A version's interval. `valid_to` is null and `is_current` true exactly for the key's
/// last.
struct Interval {
  TimestampUs valid_from;
  std::optional<TimestampUs> valid_to;

  bool is_current() const { return !valid_to.has_value(); }
  bool operator==(const Interval&) const = default;
};

/// A version that the history table holds.
struct StoredVersion {
  /// `position.time` is the event's audit_timestamp if the order is by time. Ordered by
  /// id alone, the table does not keep it and it holds `valid_from`, the running maximum.
  EventPosition position;
  Interval interval;
  /// Where the row lies; opaque here, given back in HistoryPlan.
  int64_t handle = 0;
};

/// Stored versions by key, in any order. For each new event of a key it must hold the
/// nearest stored version before and after it, the stored version of the same event if
/// there is one, and, ordered by id, every later version whose valid_from is below the
/// new event's time. It may hold more.
using StoredVersions = std::unordered_map<RowKey, std::vector<StoredVersion>>;

struct HistoryPlan {
  struct Insert {
    int64_t row = 0;  // in the caller's batch
    Interval interval;
  };
  struct Rewrite {
    int64_t handle = 0;  // of the stored version, whose other columns stay
    Interval interval;
  };
  std::vector<Insert> inserts;    // by row, ascending
  std::vector<Rewrite> rewrites;  // by handle, ascending
};

/// Plans the change of a history table: a version for every new event, and new intervals
/// for the stored versions beside them. A function of the set of events; an event that is
/// stored already plans nothing.
///
/// By time: valid_from is the event's time, valid_to that of the key's next event. By id:
/// valid_from is the running maximum of the times up to the event, valid_to the next
/// one's valid_from.
///
/// Cost: O(n log n) in events and stored versions. Thread-safe.
HistoryPlan PlanHistory(const std::vector<KeyedEvent>& events,
                        const StoredVersions& stored, contract::EventOrder order);

}  // namespace calve::model
