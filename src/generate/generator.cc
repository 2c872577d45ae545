#include "generate/generator.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "generate/delivery.h"
#include "generate/random.h"

namespace calve::generate {
namespace {

constexpr size_t kMaxLiveOrders = 262'144;
constexpr size_t kMaxDeletedOrders = 1'024;
constexpr size_t kMaxOpenPlans = 256;
constexpr uint32_t kMaxStepMicros = 2'000'000;

/// Removes and returns an element; the last one takes its place.
Order TakeAt(std::vector<Order>& orders, size_t index) {
  std::swap(orders[index], orders.back());
  const Order order = orders.back();
  orders.pop_back();
  return order;
}

/// Adds an element, in the place of a random one where there are `max` already.
void AddBounded(std::vector<Order>& orders, size_t max, const Order& order,
                Random& random) {
  if (orders.size() < max) {
    orders.push_back(order);
  } else {
    orders[random.Below(static_cast<uint32_t>(max))] = order;
  }
}

/// Plays the shop whose orders the events tell of.
class Generator {
 public:
  Generator(const GenerateOptions& options, EarlierOrders earlier, const EventSink& sink)
      : options_(options),
        random_(options.seed),
        text_(options.drift_columns),
        sink_(sink),
        delivery_(
            {.late_per_mille = options.late_per_mille,
             .repeated_per_mille = options.repeated_per_mille,
             .max_events = options.events > 0 ? options.events
                                              : std::numeric_limits<int64_t>::max()},
            ScatterBits(options.seed),
            [this](const OrderEvent& event) { return Pass(event); }),
        live_(std::move(earlier.live)),
        last_id_(earlier.max_id),
        now_(earlier.last_time.value != 0 ? earlier.last_time : options.start) {}

  Result<GenerateSummary> Run() {
    CALVE_TRY(options_.events > 0 ? RunEvents() : RunOrders());
    CALVE_TRY(delivery_.Finish());
    return summary_;
  }

 private:
  /// What is still to happen to an order.
  struct Plan {
    Order order;
    uint32_t updates;
    bool is_deleted;
    bool is_reinserted;

    bool done() const { return updates == 0 && !is_deleted && !is_reinserted; }
  };

  Status RunEvents() {
    while (delivery_.events() < options_.events) {
      CALVE_TRY(PlayOne());
    }
    return {};
  }

  /// Lets one thing happen, by the mix.
  Status PlayOne() {
    const OperationMix& mix = options_.mix;
    const uint32_t draw = random_.Below(1000);
    if (live_.empty() || draw < mix.inserts) {
      return InsertAny();
    }
    return ChangeAny(/*is_update=*/draw < mix.inserts + mix.updates);
  }

  Status ChangeAny(bool is_update) {
    const size_t index = PickTick(live_.size());
    if (is_update) {
      return Update(live_[index]);
    }
    const Order order = TakeAt(live_, index);
    AddBounded(deleted_, kMaxDeletedOrders, order, random_);
    return Delete(order);
  }

  Status InsertAny() {
    Tick();
    Order order;
    if (!deleted_.empty() && random_.Chance(20)) {
      order = TakeAt(deleted_, random_.Below(static_cast<uint32_t>(deleted_.size())));
    } else {
      CALVE_ASSIGN(order, NewOrder());
    }
    CALVE_TRY(Insert(order));
    AddBounded(live_, kMaxLiveOrders, order, random_);
    last_picked_ = live_.size() - 1;
    return {};
  }

  Status RunOrders() {
    const bool has_earlier = !live_.empty();
    std::vector<Plan> open;
    for (int64_t begun = 0; begun < options_.orders || !open.empty();) {
      const bool may_begin = begun < options_.orders && open.size() < kMaxOpenPlans;
      if (may_begin && (open.empty() || random_.Chance(500))) {
        CALVE_ASSIGN(const Order order,
                     BeginOrder(/*may_be_earlier=*/has_earlier && random_.Chance(800)));
        open.push_back(MakePlan(order));
        ++begun;
        continue;
      }
      const size_t index = PickTick(open.size());
      CALVE_TRY(Advance(open[index]));
      if (open[index].done()) {
        std::swap(open[index], open.back());
        open.pop_back();
      }
    }
    return {};
  }

  /// An earlier order, or a new one, inserted.
  Result<Order> BeginOrder(bool may_be_earlier) {
    if (may_be_earlier && !live_.empty()) {
      return TakeAt(live_, random_.Below(static_cast<uint32_t>(live_.size())));
    }
    Tick();
    CALVE_ASSIGN(Order order, NewOrder());
    CALVE_TRY(Insert(order));
    return order;
  }

  Plan MakePlan(const Order& order) {
    const bool is_deleted = random_.Chance(333);
    return {.order = order,
            .updates = 1 + random_.Below(3),
            .is_deleted = is_deleted,
            .is_reinserted = is_deleted && random_.Chance(200)};
  }

  Status Advance(Plan& plan) {
    if (plan.updates > 0) {
      --plan.updates;
      return Update(plan.order);
    }
    if (plan.is_deleted) {
      plan.is_deleted = false;
      return Delete(plan.order);
    }
    plan.is_reinserted = false;
    return Insert(plan.order);
  }

  Result<Order> NewOrder() {
    if (last_id_ == kMaxOrderId) {
      return Error{ErrorKind::kInvalidArgument,
                   "order ids are 32-bit numbers, and all of them are used"};
    }
    ++summary_.new_orders;
    return Order{.id = ++last_id_, .ordered = {}, .created = {}, .updated = {}};
  }

  Status Insert(Order& order) {
    order.updated.value = std::max(now_.value, order.updated.value + 1);
    order.created = order.updated;
    // An order reaches the shop's database up to a minute after it was placed.
    order.ordered.value = order.created.value - random_.Below(60'000'000);
    return delivery_.Deliver({.operation = 'I', .time = now_, .row = order});
  }

  Status Update(Order& order) {
    order.updated.value = std::max(now_.value, order.updated.value + 1);
    return delivery_.Deliver({.operation = 'U', .time = now_, .row = order});
  }

  Status Delete(Order order) {
    if (random_.Chance(100)) {
      order.updated = order.created;  // The deleted row may come as an older version.
    }
    return delivery_.Deliver({.operation = 'D', .time = now_, .row = order});
  }

  /// An index to work on next. Now and then the last one again, at the same moment: a
  /// transaction that changes its order twice.
  size_t PickTick(size_t size) {
    const bool same_moment = random_.Chance(30);
    if (!same_moment || last_picked_ >= size) {
      Tick();
      last_picked_ = random_.Below(static_cast<uint32_t>(size));
    }
    return last_picked_;
  }

  void Tick() {
    now_.value += random_.Chance(50) ? 0 : 1 + random_.Below(kMaxStepMicros);
  }

  Status Pass(const OrderEvent& event) {
    ++summary_.events;
    ++(event.operation == 'I'   ? summary_.inserts
       : event.operation == 'U' ? summary_.updates
                                : summary_.deletes);
    summary_.last_time = std::max(summary_.last_time, event.time);
    return sink_(text_.Render(event));
  }

  const GenerateOptions& options_;  // Outlives this generator.
  Random random_;
  OrderText text_;
  const EventSink& sink_;  // Outlives this generator.
  Delivery delivery_;      // Calls back into this object, which therefore stays put.
  std::vector<Order> live_;
  std::vector<Order> deleted_;  // some of those that may come back
  int32_t last_id_;
  TimestampUs now_;
  size_t last_picked_ = std::numeric_limits<size_t>::max();
  GenerateSummary summary_;
};

Status Check(const GenerateOptions& options) {
  const auto wrong = [](const char* message) {
    return Error{ErrorKind::kInvalidArgument, message};
  };
  if ((options.orders > 0) == (options.events > 0) || options.orders < 0 ||
      options.events < 0) {
    return wrong("give either a number of orders or a number of events, above zero");
  }
  if (options.mix.inserts > 1000 || options.mix.updates > 1000 - options.mix.inserts) {
    return wrong("the shares of inserts and updates exceed the whole");
  }
  if (options.late_per_mille > 1000 || options.repeated_per_mille > 1000) {
    return wrong("the share of late or repeated events exceeds the whole");
  }
  if (options.drift_columns < 0 || options.drift_columns > kMaxDriftColumns) {
    return wrong("the number of further columns is out of range");
  }
  return {};
}

}  // namespace

Result<GenerateSummary> GenerateOrders(const GenerateOptions& options,
                                       EarlierOrders earlier, const EventSink& sink) {
  CALVE_TRY(Check(options));
  Generator generator(options, std::move(earlier), sink);
  return generator.Run();
}

}  // namespace calve::generate
