#pragma once

/// \file model/mart_tables.h
/// The two marts in memory, as plans change them. Plans see of the stored rows exactly
/// what the headers of current.h and history.h promise, and nothing more.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/current.h"
#include "model/history.h"
#include "model/mart_oracle.h"

namespace calve::model {

/// Faults to plant, each a way that such pipelines are known to go wrong.
struct PlantedFaults {
  /// "Latest" goes by the timestamp alone.
  bool no_tie_break = false;
  /// "Latest" is looked up in the current table, which has no deletes.
  bool latest_without_deletes = false;
  /// Events older than the newest one that was ever seen are skipped.
  bool late_events_lost = false;
  /// A late event does not raise later versions' starts (order by id only).
  bool starts_not_raised = false;
};

class MartTables {
 public:
  explicit MartTables(contract::EventOrder order, PlantedFaults faults = {})
      : order_(order), faults_(faults) {}

  /// Plans a batch on what is stored, and applies both plans.
  void Apply(const std::vector<TestEvent>& delivered) {
    const std::vector<TestEvent> batch = Arriving(delivered);
    const std::vector<KeyedEvent> events = Keyed(batch, faults_.no_tie_break);
    const CurrentPlan current = PlanCurrent(events, StoredLatest(batch), order_);
    const HistoryPlan history =
        PlanHistory(Keyed(batch, /*without_ids=*/false), StoredNeighbours(batch), order_);
    ApplyCurrent(current, batch);
    ApplyHistory(history, batch);
    for (const TestEvent& event : batch) {
      flattened_[event.key].push_back(PositionOf(event));
      newest_ = std::max(newest_, event.time);
    }
  }

  Marts Show() const {
    Marts marts;
    for (const auto& [key, id] : current_) {
      marts.current.insert(CurrentRow(key, id));
    }
    for (const Version& version : versions_) {
      const auto& to = version.interval.valid_to;
      marts.history.insert(HistoryRow(version.key, version.id,
                                      version.interval.valid_from.value,
                                      to ? &to->value : nullptr));
    }
    return marts;
  }

  /// Rows that plans have touched since the last call.
  int64_t TakeTouchedRows() { return std::exchange(touched_rows_, 0); }

 private:
  struct Version {
    int key;
    int64_t id;
    int64_t time;
    Interval interval;
  };
  struct Earlier {
    contract::EventOrder order;
    bool operator()(const EventPosition& a, const EventPosition& b) const {
      return Before(order, a, b);
    }
  };

  static std::string KeyOf(int key) { return "k" + std::to_string(key); }

  EventPosition PositionOf(const TestEvent& event) const {
    return {{event.time}, faults_.no_tie_break ? 0 : event.id};
  }

  std::vector<TestEvent> Arriving(const std::vector<TestEvent>& delivered) const {
    std::vector<TestEvent> batch;
    for (const TestEvent& event : delivered) {
      if (!faults_.late_events_lost || event.time >= newest_) {
        batch.push_back(event);
      }
    }
    return batch;
  }

  static std::vector<KeyedEvent> Keyed(const std::vector<TestEvent>& batch,
                                       bool without_ids) {
    std::vector<KeyedEvent> events;
    for (size_t i = 0; i < batch.size(); ++i) {
      events.push_back({KeyOf(batch[i].key),
                        {{batch[i].time}, without_ids ? 0 : batch[i].id},
                        batch[i].is_delete,
                        static_cast<int64_t>(i)});
    }
    return events;
  }

  LatestEvents StoredLatest(const std::vector<TestEvent>& batch) const {
    LatestEvents latest;
    for (const TestEvent& event : batch) {
      const auto stored = flattened_.find(event.key);
      const bool hidden = faults_.latest_without_deletes && !current_.contains(event.key);
      if (stored != flattened_.end() && !hidden) {
        latest[KeyOf(event.key)] = *std::max_element(
            stored->second.begin(), stored->second.end(), Earlier{order_});
      }
    }
    return latest;
  }

  /// How the history table tells of a version: ordered by id it keeps no event time.
  EventPosition StoredPosition(const Version& version) const {
    const bool by_id = order_ == contract::EventOrder::kId;
    return {by_id ? version.interval.valid_from : TimestampUs{version.time}, version.id};
  }

  /// Marks the handles that the contract of StoredVersions names for one event.
  void AddNeighbours(const TestEvent& event, std::set<size_t>& handles) const {
    const EventPosition position{{event.time}, event.id};
    std::optional<size_t> before;
    std::optional<size_t> after;
    for (size_t i = 0; i < versions_.size(); ++i) {
      const EventPosition stored = StoredPosition(versions_[i]);
      if (versions_[i].key != event.key) {
        continue;
      }
      if (versions_[i].id == event.id) {
        handles.insert(i);
      } else if (Before(order_, stored, position)) {
        if (!before || Before(order_, StoredPosition(versions_[*before]), stored)) {
          before = i;
        }
      } else {
        if (!after || Before(order_, stored, StoredPosition(versions_[*after]))) {
          after = i;
        }
        if (order_ == contract::EventOrder::kId && !faults_.starts_not_raised &&
            versions_[i].interval.valid_from.value < event.time) {
          handles.insert(i);
        }
      }
    }
    for (const auto& neighbour : {before, after}) {
      if (neighbour) {
        handles.insert(*neighbour);
      }
    }
  }

  StoredVersions StoredNeighbours(const std::vector<TestEvent>& batch) const {
    std::set<size_t> handles;
    for (const TestEvent& event : batch) {
      AddNeighbours(event, handles);
    }
    StoredVersions stored;
    for (const size_t handle : handles) {
      const Version& version = versions_[handle];
      stored[KeyOf(version.key)].push_back(
          {StoredPosition(version), version.interval, static_cast<int64_t>(handle)});
    }
    return stored;
  }

  void ApplyCurrent(const CurrentPlan& plan, const std::vector<TestEvent>& batch) {
    for (const RowKey& key : plan.removed) {
      touched_rows_ += static_cast<int64_t>(std::erase_if(
          current_, [&](const auto& row) { return KeyOf(row.first) == key; }));
    }
    for (const int64_t row : plan.inserted) {
      const TestEvent& event = batch[static_cast<size_t>(row)];
      current_.emplace(event.key, event.id);
      ++touched_rows_;
    }
  }

  void ApplyHistory(const HistoryPlan& plan, const std::vector<TestEvent>& batch) {
    for (const HistoryPlan::Rewrite& rewrite : plan.rewrites) {
      versions_[static_cast<size_t>(rewrite.handle)].interval = rewrite.interval;
      ++touched_rows_;
    }
    for (const HistoryPlan::Insert& insert : plan.inserts) {
      const TestEvent& event = batch[static_cast<size_t>(insert.row)];
      versions_.push_back({event.key, event.id, event.time, insert.interval});
      ++touched_rows_;
    }
  }

  contract::EventOrder order_;
  PlantedFaults faults_;
  std::multimap<int, int64_t> current_;  // key -> event id; one a key, if plans are right
  std::vector<Version> versions_;
  std::map<int, std::vector<EventPosition>> flattened_;  // in order of arrival
  int64_t newest_ = 0;
  int64_t touched_rows_ = 0;
};

}  // namespace calve::model
