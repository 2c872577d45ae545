#pragma once

/// \file model/mart_oracle.h
/// What the marts of a set of events are, straight from their definition.

#include <algorithm>
#include <cstdint>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "contract/contract.h"

namespace calve::model {

struct TestEvent {
  int64_t id = 0;
  int key = 0;
  int64_t time = 0;
  bool is_delete = false;

  bool operator==(const TestEvent&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const TestEvent& event) {
  return out << fmt::format("{}:k{}@{}{}", event.id, event.key, event.time,
                            event.is_delete ? " D" : "");
}

/// The rows of both marts, sorted: `key event` and `key event [from,to)`, where an open
/// end is empty.
struct Marts {
  std::multiset<std::string> current;
  std::multiset<std::string> history;

  bool operator==(const Marts&) const = default;

  std::string Show() const {
    std::string out = "current:";
    for (const std::string& row : current) {
      out += " " + row + ";";
    }
    out += " history:";
    for (const std::string& row : history) {
      out += " " + row + ";";
    }
    return out;
  }
};

inline std::string CurrentRow(int key, int64_t id) {
  return fmt::format("k{} {}", key, id);
}

inline std::string HistoryRow(int key, int64_t id, int64_t from, const int64_t* to) {
  return fmt::format("k{} {} [{},{})", key, id, from,
                     to == nullptr ? "" : std::to_string(*to));
}

/// Sorts the distinct events of each key and derives its rows.
inline Marts Oracle(const std::vector<TestEvent>& events, contract::EventOrder order) {
  const bool by_id = order == contract::EventOrder::kId;
  std::map<int, std::map<std::pair<int64_t, int64_t>, TestEvent>> keys;
  for (const TestEvent& event : events) {
    keys[event.key][{by_id ? 0 : event.time, event.id}] = event;
  }
  Marts marts;
  for (const auto& [key, in_order] : keys) {
    std::vector<std::pair<int64_t, int64_t>> starts;  // (valid_from, id)
    for (const auto& [position, event] : in_order) {
      const int64_t before = starts.empty() ? event.time : starts.back().first;
      starts.emplace_back(by_id ? std::max(before, event.time) : event.time, event.id);
    }
    for (size_t i = 0; i < starts.size(); ++i) {
      const int64_t* to = i + 1 < starts.size() ? &starts[i + 1].first : nullptr;
      marts.history.insert(HistoryRow(key, starts[i].second, starts[i].first, to));
    }
    if (const TestEvent& latest = in_order.rbegin()->second; !latest.is_delete) {
      marts.current.insert(CurrentRow(key, latest.id));
    }
  }
  return marts;
}

}  // namespace calve::model
