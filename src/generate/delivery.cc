#include "generate/delivery.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace calve::generate {
namespace {

constexpr uint32_t kMaxDelayEvents = 100;

}  // namespace

Delivery::Delivery(const Options& options, uint64_t seed, Sink sink)
    : options_(options), random_(seed), sink_(std::move(sink)) {}

Status Delivery::Deliver(const OrderEvent& event) {
  if (random_.Chance(options_.late_per_mille)) {
    Hold(event);
  } else {
    CALVE_TRY(Pass(event));
  }
  if (random_.Chance(options_.repeated_per_mille) && events() < options_.max_events) {
    Hold(event);
  }
  while (!held_.empty() && held_.front().due <= passed_) {
    CALVE_TRY(ReleaseFirst());
  }
  return {};
}

Status Delivery::Finish() {
  while (!held_.empty()) {
    CALVE_TRY(ReleaseFirst());
  }
  return {};
}

bool Delivery::IsLater(const Held& a, const Held& b) {
  return std::tie(a.due, a.sequence) > std::tie(b.due, b.sequence);
}

Status Delivery::Pass(const OrderEvent& event) {
  ++passed_;
  return sink_(event);
}

void Delivery::Hold(const OrderEvent& event) {
  const int64_t due = passed_ + 1 + random_.Below(kMaxDelayEvents);
  held_.push_back({.due = due, .sequence = sequence_++, .event = event});
  std::push_heap(held_.begin(), held_.end(), IsLater);
}

Status Delivery::ReleaseFirst() {
  std::pop_heap(held_.begin(), held_.end(), IsLater);
  const OrderEvent event = held_.back().event;
  held_.pop_back();
  return Pass(event);
}

}  // namespace calve::generate
