#include "generate/earlier_orders.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "generate/random.h"

namespace calve::generate {
namespace {

/// Where an order's columns stand in a payload.
struct OrderPositions {
  size_t id = 0;
  std::array<std::optional<size_t>, 3>
      times;  // ordered, created, updated; nullopt: missing
};

std::optional<size_t> Position(const EventCsvReader& reader, std::string_view name) {
  const auto& columns = reader.payload_columns();
  const auto column = std::find(columns.begin(), columns.end(), name);
  if (column == columns.end()) {
    return std::nullopt;
  }
  return static_cast<size_t>(column - columns.begin());
}

Result<int32_t> ParseOrderId(const Field& field) {
  const std::string_view text = field.value_or("");
  int32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error{ErrorKind::kCorrupt, "an order_id that is no 32-bit number"};
  }
  return id;
}

Result<TimestampUs> ParseTime(const Field& field) {
  Result<TimestampUs> time = ParseTimestamp(field.value_or(""));
  if (!time) {
    return Error{ErrorKind::kCorrupt, time.error().message};
  }
  return time;
}

Result<OrderEvent> ParseEvent(const EventRecord& record,
                              const OrderPositions& positions) {
  const std::string_view operation = record.operation.value_or("");
  if (operation != "I" && operation != "U" && operation != "D") {
    return Error{ErrorKind::kCorrupt, "an operation other than I, U and D"};
  }
  OrderEvent event{.operation = operation.front(), .time = {}, .row = {}};
  CALVE_ASSIGN(event.row.id, ParseOrderId(record.payload[positions.id]));
  CALVE_ASSIGN(event.time, ParseTime(record.timestamp));
  const std::array<TimestampUs*, 3> times = {&event.row.ordered, &event.row.created,
                                             &event.row.updated};
  for (size_t i = 0; i < times.size(); ++i) {
    *times[i] = event.time;
    const auto position = positions.times[i];
    if (position && record.payload[*position]) {
      CALVE_ASSIGN(*times[i], ParseTime(record.payload[*position]));
    }
  }
  return event;
}

}  // namespace

Status EarlierOrdersCollector::AddFile(EventCsvReader& reader) {
  const std::optional<size_t> id = Position(reader, "order_id");
  if (!id) {
    return reader.Corrupt("no column 'order_id'");
  }
  const OrderPositions positions = {
      .id = *id,
      .times = {Position(reader, "order_timestamp"), Position(reader, "created_at"),
                Position(reader, "updated_at")}};
  EventRecord record;
  while (true) {
    CALVE_ASSIGN(const bool found, reader.Next(record));
    if (!found) {
      return {};
    }
    if (record.table_name != "orders") {
      continue;
    }
    const Result<OrderEvent> event = ParseEvent(record, positions);
    if (!event) {
      return reader.Corrupt(event.error().message);
    }
    Add(*event);
  }
}

EarlierOrders EarlierOrdersCollector::Finish() && {
  EarlierOrders orders{.live = {}, .max_id = max_id_, .last_time = last_time_};
  for (const auto& [id, tracked] : tracked_) {
    if (tracked.is_live) {
      orders.live.push_back(tracked.order);
    }
  }
  tracked_.clear();
  std::sort(orders.live.begin(), orders.live.end(),
            [](const Order& a, const Order& b) { return a.id < b.id; });
  return orders;
}

void EarlierOrdersCollector::Add(const OrderEvent& event) {
  max_id_ = std::max(max_id_, event.row.id);
  last_time_ = std::max(last_time_, event.time);
  if (!IsSampled(event.row.id)) {
    return;
  }
  const bool is_live = event.operation != 'D';
  const auto [entry, is_new] =
      tracked_.try_emplace(event.row.id, Tracked{event.row, event.time, is_live});
  if (!is_new && event.time >= entry->second.time) {
    entry->second = {event.row, event.time, is_live};
  }
  if (tracked_.size() > max_orders_) {
    Thin();
  }
}

bool EarlierOrdersCollector::IsSampled(int32_t id) const {
  return (ScatterBits(static_cast<uint64_t>(id)) & sample_mask_) == 0;
}

/// Halves the sample.
void EarlierOrdersCollector::Thin() {
  sample_mask_ = sample_mask_ * 2 + 1;
  std::erase_if(tracked_, [this](const auto& entry) { return !IsSampled(entry.first); });
}

}  // namespace calve::generate
