// The law of the product, on real tables: marts are a function of the set of events.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "flow/flow_fixture.h"

namespace calve::flow {
namespace {

const std::vector<std::string> kOrderColumns{
    "order_id", "audit_event_id", "audit_operation", "audit_timestamp", "description"};
const std::vector<std::string> kHistoryColumns{
    "order_id",   "audit_event_id", "valid_from", "valid_to",
    "is_current", "is_deleted",     "description"};

std::string Instant(int64_t time_us) {
  return arrow::TimestampScalar(time_us, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))
      .ToString();
}

/// The two marts of a set of events, straight from their definition.
struct MartOracle {
  std::vector<std::string> orders;
  std::vector<std::string> history;

  explicit MartOracle(const std::vector<OrderEvent>& events) {
    std::map<int32_t, std::vector<OrderEvent>> by_key;
    for (const OrderEvent& event : events) {
      by_key[event.order_id].push_back(event);
    }
    for (auto& [key, versions] : by_key) {
      std::sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) {
        return std::pair(a.time_us, a.id) < std::pair(b.time_us, b.id);
      });
      for (size_t i = 0; i < versions.size(); ++i) {
        AddVersion(versions[i], i + 1 < versions.size() ? &versions[i + 1] : nullptr);
      }
    }
    std::sort(orders.begin(), orders.end());
    std::sort(history.begin(), history.end());
  }

  void AddVersion(const OrderEvent& event, const OrderEvent* next) {
    const bool deleted = event.operation == 'D';
    history.push_back(fmt::format("{}|{}|{}|{}|{}|{}|{}", event.order_id, event.id,
                                  Instant(event.time_us),
                                  next == nullptr ? "null" : Instant(next->time_us),
                                  next == nullptr, deleted, event.description));
    if (next == nullptr && !deleted) {
      orders.push_back(fmt::format("{}|{}|{}|{}|{}", event.order_id, event.id,
                                   event.operation, Instant(event.time_us),
                                   event.description));
    }
  }
};

/// Few keys and few moments, so that ties, deletes and re-inserts are common.
std::vector<OrderEvent> RandomEvents() {
  const int count = *rc::gen::inRange(1, 40);
  std::vector<OrderEvent> events;
  for (int id = 1; id <= count; ++id) {
    events.push_back({.id = id,
                      .operation = *rc::gen::element('I', 'U', 'D'),
                      .time_us = *rc::gen::inRange<int64_t>(0, 8),
                      .order_id = *rc::gen::inRange(1, 6),
                      .description = fmt::format("event {}", id)});
  }
  return events;
}

/// Every event at least once, in any order, some again, cut anywhere.
std::vector<std::vector<OrderEvent>> RandomDelivery(
    const std::vector<OrderEvent>& events) {
  std::vector<OrderEvent> all = events;
  const int repeats = *rc::gen::inRange(0, 10);
  for (int i = 0; i < repeats; ++i) {
    all.push_back(*rc::gen::elementOf(events));
  }
  for (size_t i = all.size(); i > 1; --i) {
    std::swap(all[i - 1], all[*rc::gen::inRange<size_t>(0, i)]);
  }
  std::vector<std::vector<OrderEvent>> files(1);
  for (const OrderEvent& event : all) {
    if (!files.back().empty() && *rc::gen::inRange(0, 8) == 0) {
      files.emplace_back();
    }
    files.back().push_back(event);
  }
  return files;
}

TEST(TransformLawTest, AnyOrderCutAndRedeliveryGivesTheRowsOfTheDefinition) {
  const bool held = rc::check("marts are a function of the set of events", [] {
    const auto events = RandomEvents();
    FlowFixture fixture;
    fixture.pipeline().limits.batch_bytes =
        *rc::gen::element<int64_t>(1, 1'000, 1'000'000);
    for (const auto& file : RandomDelivery(events)) {
      fixture.Land(file);
      if (*rc::gen::inRange(0, 2) == 0) {
        fixture.Run();
      }
    }
    fixture.Run();
    const MartOracle oracle(events);
    RC_ASSERT(fixture.Rows("marts.orders", kOrderColumns) == oracle.orders);
    RC_ASSERT(fixture.Rows("marts.orders_history_scd2", kHistoryColumns) ==
              oracle.history);
  });
  EXPECT_TRUE(held);
}

TEST(TransformLawTest, ModelsRunOneByOneInAnyCutGiveTheSameRows) {
  const bool held = rc::check("selections and full refreshes change nothing", [] {
    const auto events = RandomEvents();
    FlowFixture fixture;
    for (const auto& file : RandomDelivery(events)) {
      fixture.Land(file);
      fixture.Run({.select = *rc::gen::element<std::string>(
                       "stg_ecomm_audit_log_dml", "staging", "orders", "marts", ""),
                   .full_refresh = *rc::gen::inRange(0, 5) == 0});
    }
    fixture.Run();
    const MartOracle oracle(events);
    RC_ASSERT(fixture.Rows("marts.orders", kOrderColumns) == oracle.orders);
    RC_ASSERT(fixture.Rows("marts.orders_history_scd2", kHistoryColumns) ==
              oracle.history);
  });
  EXPECT_TRUE(held);
}

TEST(TransformTest, AMartThatCatchesUpAloneReplacesTheOlderRow) {
  FlowFixture fixture;
  const OrderEvent first{
      .id = 1, .operation = 'I', .time_us = 1, .order_id = 1, .description = "old"};
  const OrderEvent second{
      .id = 2, .operation = 'U', .time_us = 2, .order_id = 1, .description = "new"};
  const OrderEvent gone{
      .id = 3, .operation = 'D', .time_us = 3, .order_id = 1, .description = ""};
  fixture.Land({first});
  fixture.Run();
  fixture.Land({second});
  fixture.Run({.select = "staging", .full_refresh = false});
  fixture.Run({.select = "orders", .full_refresh = false});
  EXPECT_EQ(fixture.Rows("marts.orders", {"description"}),
            std::vector<std::string>{"new"});
  fixture.Land({gone});
  fixture.Run({.select = "staging", .full_refresh = false});
  fixture.Run({.select = "orders", .full_refresh = false});
  EXPECT_EQ(fixture.Rows("marts.orders", {"description"}), std::vector<std::string>{});
}

TEST(TransformTest, ARepeatFindsNothingToDo) {
  FlowFixture fixture;
  fixture.Land(
      {{.id = 1, .operation = 'I', .time_us = 1, .order_id = 1, .description = "a"}});
  EXPECT_EQ(fixture.Run().commits, 1);
  EXPECT_EQ(fixture.Run().commits, 0);
}

TEST(TransformTest, AnEventThatBreaksItsContractIsQuarantinedOnceAndTheOthersGoOn) {
  FlowFixture fixture;
  const OrderEvent bad{
      .id = 1, .operation = 'X', .time_us = 1, .order_id = 1, .description = "bad"};
  const OrderEvent good{
      .id = 2, .operation = 'I', .time_us = 2, .order_id = 2, .description = "good"};
  fixture.Land({bad, good});
  fixture.Run();
  fixture.Land({bad});
  fixture.Run({.select = "", .full_refresh = true});
  const auto quarantined =
      fixture.Rows("quarantine.stg_ecomm_audit_log_dml_orders_flattened",
                   {"audit_event_id", "rule", "column_name", "audit_operation"});
  EXPECT_EQ(quarantined, std::vector<std::string>{"1|accepted_values|audit_operation|X"});
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id"}), std::vector<std::string>{"2"});
}

TEST(TransformTest, AnIdTakenByAnotherContentIsAConflictAndTheFirstStays) {
  FlowFixture fixture;
  fixture.Land(
      {{.id = 1, .operation = 'I', .time_us = 1, .order_id = 1, .description = "a"}});
  fixture.Run();
  const OrderEvent other{
      .id = 1, .operation = 'I', .time_us = 1, .order_id = 1, .description = "b"};
  fixture.Land({other});
  fixture.Run();
  fixture.Land({other});
  fixture.Run();
  EXPECT_EQ(fixture.Rows("marts.orders", {"description"}), std::vector<std::string>{"a"});
  EXPECT_EQ(
      fixture.Rows("quarantine.stg_ecomm_audit_log_dml", {"rule", "audit_event_id"}),
      std::vector<std::string>{"id_conflict|1"});
}

}  // namespace
}  // namespace calve::flow
