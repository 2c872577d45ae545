#pragma once

/// \file generate/earlier_orders.h
/// The orders that earlier event files left behind, for further changes.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/timestamp.h"
#include "generate/event_csv_reader.h"
#include "generate/order.h"

namespace calve::generate {

/// Orders to go on with.
struct EarlierOrders {
  std::vector<Order> live;  // by ascending id
  int32_t max_id = 0;       // of any order seen, live or not
  TimestampUs last_time;    // of the latest event; 0 where there was none
};

/// Gathers the orders that event files leave live: those whose latest event, by time and
/// then by place in the files, is no delete.
///
/// Of more than `max_orders` orders a random sample is kept, drawn by their ids, so that
/// memory is bounded: about half of `max_orders` or more. Not thread-safe.
class EarlierOrdersCollector {
 public:
  explicit EarlierOrdersCollector(size_t max_orders = 262'144)
      : max_orders_(max_orders) {}

  /// Reads one file to its end; files in the order of their making. Events of tables
  /// other than `orders` are passed over.
  ///
  /// \return the reader's errors, or kCorrupt if the file lacks `order_id`, or an event's
  ///         id, operation or a timestamp can't be read. A missing time of a row stands
  ///         for the event's.
  Status AddFile(EventCsvReader& reader);

  EarlierOrders Finish() &&;

 private:
  struct Tracked {
    Order order;
    TimestampUs time;  // of its latest event
    bool is_live;
  };

  void Add(const OrderEvent& event);
  bool IsSampled(int32_t id) const;
  void Thin();

  size_t max_orders_;
  uint64_t sample_mask_ = 0;  // an order is kept if its id's hash has none of these bits
  std::unordered_map<int32_t, Tracked> tracked_;
  int32_t max_id_ = 0;
  TimestampUs last_time_;
};

}  // namespace calve::generate
