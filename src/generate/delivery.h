#pragma once

/// \file generate/delivery.h
/// Lets events arrive as they do in life: most in order, some late, some twice.

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "core/result.h"
#include "generate/order.h"
#include "generate/random.h"

namespace calve::generate {

/// Passes events on to a sink, holding some back. Not thread-safe.
class Delivery {
 public:
  struct Options {
    uint32_t late_per_mille = 0;
    uint32_t repeated_per_mille = 0;
    /// No event is repeated beyond so many.
    int64_t max_events = std::numeric_limits<int64_t>::max();
  };
  using Sink = std::function<Status(const OrderEvent&)>;

  Delivery(const Options& options, uint64_t seed, Sink sink);

  /// Takes the next event in the order of time.
  /// \return the sink's Error
  Status Deliver(const OrderEvent& event);

  /// Passes on what was held back.
  Status Finish();

  /// Events passed on or held back.
  int64_t events() const { return passed_ + static_cast<int64_t>(held_.size()); }

 private:
  struct Held {
    int64_t due = 0;       // when so many events have been passed on
    int64_t sequence = 0;  // makes the order definite
    OrderEvent event;
  };
  static bool IsLater(const Held& a, const Held& b);

  Status Pass(const OrderEvent& event);
  void Hold(const OrderEvent& event);
  Status ReleaseFirst();

  Options options_;
  Random random_;
  Sink sink_;
  int64_t passed_ = 0;
  int64_t sequence_ = 0;
  std::vector<Held> held_;  // a heap, the first due in front
};

}  // namespace calve::generate
