#pragma once

/// \file model/key_groups_internal.h
/// The events of a batch, gathered by key.

#include <cstdint>
#include <span>
#include <vector>

#include "model/current.h"

namespace calve::model {

/// Events by key: groups in order of first appearance, each in the batch's order.
///
/// Cost of making one: O(events) time and 16 bytes an event.
class KeyGroups {
 public:
  /// \param events  outlives this object
  explicit KeyGroups(const std::vector<KeyedEvent>& events);

  size_t size() const { return starts_.size() - 1; }
  /// Indices of events; at least one.
  std::span<const uint32_t> operator[](size_t group) const {
    return std::span(order_).subspan(starts_[group], starts_[group + 1] - starts_[group]);
  }

 private:
  /// The number of each event's group.
  std::vector<uint32_t> NumberGroups(const std::vector<KeyedEvent>& events);

  std::vector<uint32_t> order_;   // event indices, group by group
  std::vector<uint32_t> starts_;  // of each group in order_, and the end
};

}  // namespace calve::model
