#include "model/history.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "model/key_groups_internal.h"

namespace calve::model {
namespace {

constexpr TimestampUs kNoTime{std::numeric_limits<int64_t>::min()};

/// One version in its key's order: a new event, or one that is stored.
struct Entry {
  EventPosition position;
  TimestampUs valid_from;
  const StoredVersion* stored = nullptr;  // null: new
  uint32_t event = 0;                     // of a new one
};

/// Plans one key after the other into one plan.
class HistoryPlanner {
 public:
  HistoryPlanner(const std::vector<KeyedEvent>& events, contract::EventOrder order)
      : events_(events),
        order_(order),
        intervals_(events.size()),
        is_new_(events.size(), false) {}

  /// Adds a key. \param stored  null if nothing of the key is stored
  void Add(std::span<const uint32_t> group, const std::vector<StoredVersion>* stored) {
    entries_.clear();
    if (stored != nullptr) {
      for (const StoredVersion& version : *stored) {
        entries_.push_back({version.position, version.interval.valid_from, &version});
      }
    }
    for (const uint32_t index : group) {
      const KeyedEvent& event = events_[index];
      entries_.push_back({event.position, event.position.time, nullptr, index});
    }
    if (entries_.size() > 1) {
      SortAndUnite();
    }
    if (order_ == contract::EventOrder::kId) {
      RaiseStarts();
    }
    EmitIntervals();
  }

  HistoryPlan Finish() && {
    for (size_t i = 0; i < events_.size(); ++i) {
      if (is_new_[i]) {
        plan_.inserts.push_back({events_[i].row, intervals_[i]});
      }
    }
    const auto by_row = [](const auto& a, const auto& b) { return a.row < b.row; };
    if (!std::is_sorted(plan_.inserts.begin(), plan_.inserts.end(), by_row)) {
      std::sort(plan_.inserts.begin(), plan_.inserts.end(), by_row);
    }
    std::sort(plan_.rewrites.begin(), plan_.rewrites.end(),
              [](const auto& a, const auto& b) { return a.handle < b.handle; });
    return std::move(plan_);
  }

 private:
  /// Puts the entries in their key's order and keeps one of each event: the stored one,
  /// else the batch's first.
  void SortAndUnite() {
    std::sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) {
      if (Before(order_, a.position, b.position)) {
        return true;
      }
      return !Before(order_, b.position, a.position) &&
             std::pair(a.stored == nullptr, a.event) <
                 std::pair(b.stored == nullptr, b.event);
    });
    const auto end =
        std::unique(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
          return a.position.event_id == b.position.event_id;
        });
    entries_.erase(end, entries_.end());
  }

  /// Makes each valid_from the running maximum of the times. Stored ones are that already
  /// but for the new events, so raising them by the new times is enough, whatever stored
  /// versions lie between and are not here.
  void RaiseStarts() {
    TimestampUs running = kNoTime;
    for (Entry& entry : entries_) {
      running = std::max(running, entry.valid_from);
      entry.valid_from = running;
    }
  }

  /// The end of the entry at `i`: the start of the next. A stored version followed here
  /// by a stored one may have others between that are not here; then its end is the
  /// stored one, raised like the start of the version that it belongs to.
  std::optional<TimestampUs> EndOf(size_t i) const {
    const bool last = i + 1 == entries_.size();
    const StoredVersion* stored = entries_[i].stored;
    if (stored == nullptr || (!last && entries_[i + 1].stored == nullptr)) {
      return last ? std::nullopt : std::optional(entries_[i + 1].valid_from);
    }
    if (!stored->interval.valid_to) {
      return std::nullopt;
    }
    return std::max(*stored->interval.valid_to, entries_[i].valid_from);
  }

  void EmitIntervals() {
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      const Interval interval{entry.valid_from, EndOf(i)};
      if (entry.stored == nullptr) {
        intervals_[entry.event] = interval;
        is_new_[entry.event] = true;
      } else if (interval != entry.stored->interval) {
        plan_.rewrites.push_back({entry.stored->handle, interval});
      }
    }
  }

  const std::vector<KeyedEvent>& events_;  // Outlives this object.
  contract::EventOrder order_;
  std::vector<Entry> entries_;  // of the key at hand, in its order
  // By event, since keys come in any order but rows of the plan ascend.
  std::vector<Interval> intervals_;
  std::vector<bool> is_new_;
  HistoryPlan plan_;
};

}  // namespace

HistoryPlan PlanHistory(const std::vector<KeyedEvent>& events,
                        const StoredVersions& stored, contract::EventOrder order) {
  HistoryPlanner planner(events, order);
  const KeyGroups groups(events);
  for (size_t group = 0; group < groups.size(); ++group) {
    const auto known = stored.find(events[groups[group].front()].key);
    planner.Add(groups[group], known == stored.end() ? nullptr : &known->second);
  }
  return std::move(planner).Finish();
}

}  // namespace calve::model
