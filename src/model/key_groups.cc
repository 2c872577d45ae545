#include <bit>
#include <functional>
#include <numeric>
#include <string_view>

#include "model/key_groups_internal.h"

namespace calve::model {
namespace {

constexpr uint32_t kEmpty = UINT32_MAX;

struct Slot {
  uint32_t hash = 0;
  uint32_t group = kEmpty;
};

}  // namespace

std::vector<uint32_t> KeyGroups::NumberGroups(const std::vector<KeyedEvent>& events) {
  std::vector<uint32_t> group_of(events.size());
  std::vector<uint32_t> first_event;
  std::vector<Slot> slots(std::bit_ceil(events.size() * 2 + 2));
  const size_t mask = slots.size() - 1;
  for (uint32_t i = 0; i < events.size(); ++i) {
    const size_t hash = std::hash<std::string_view>()(events[i].key);
    const auto tag = static_cast<uint32_t>(hash >> 32);
    size_t at = hash & mask;
    while (slots[at].group != kEmpty &&
           (slots[at].hash != tag ||
            events[first_event[slots[at].group]].key != events[i].key)) {
      at = (at + 1) & mask;
    }
    if (slots[at].group == kEmpty) {
      slots[at] = {tag, static_cast<uint32_t>(first_event.size())};
      first_event.push_back(i);
      starts_.push_back(0);
    }
    group_of[i] = slots[at].group;
    ++starts_[slots[at].group];
  }
  return group_of;
}

KeyGroups::KeyGroups(const std::vector<KeyedEvent>& events) : order_(events.size()) {
  const std::vector<uint32_t> group_of = NumberGroups(events);
  starts_.push_back(0);
  std::exclusive_scan(starts_.begin(), starts_.end(), starts_.begin(), uint32_t{0});
  std::vector<uint32_t> next(starts_.begin(), starts_.end());
  for (uint32_t i = 0; i < events.size(); ++i) {
    order_[next[group_of[i]]++] = i;
  }
}

}  // namespace calve::model
