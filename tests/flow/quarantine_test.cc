// Quarantine on real tables: what is in it, and the law of replay.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "flow/doubtful_keys.h"
#include "flow/flow_fixture.h"
#include "flow/quarantine_discard.h"
#include "flow/quarantine_groups.h"
#include "flow/quarantine_replay.h"

namespace calve::flow {
namespace {

const std::string kQuarantine = std::string("quarantine.") + kFlattened;

contract::Model& Flattened(Pipeline& pipeline) {
  for (contract::Model& model : pipeline.project.models) {
    if (model.name == kFlattened) {
      return model;
    }
  }
  std::abort();
}

/// Which operations and descriptions the contract takes.
void SetContract(Pipeline& pipeline, std::vector<std::string> operations,
                 std::vector<std::string> descriptions) {
  for (contract::Column& column : Flattened(pipeline).columns) {
    if (column.name == "audit_operation") {
      column.accepted_values = operations;
    } else if (column.name == "description") {
      column.accepted_values = descriptions;
    }
  }
}

/// Everything but when it was landed, and the quarantine's reasons.
std::vector<std::vector<std::string>> State(FlowFixture& fixture) {
  return {fixture.Rows("marts.orders", {"order_id", "audit_event_id", "audit_operation",
                                        "audit_timestamp", "description"}),
          fixture.Rows("marts.orders_history_scd2",
                       {"order_id", "audit_event_id", "valid_from", "valid_to",
                        "is_current", "is_deleted", "description"}),
          fixture.Rows(std::string("staging.") + kFlattened,
                       {"audit_event_id", "order_id", "description"})};
}

std::vector<std::string> Quarantined(FlowFixture& fixture) {
  const auto loaded = table::LoadTable(
      *fixture.pipeline().store, *fixture.pipeline().catalog, {"quarantine", kFlattened});
  if (!loaded || loaded->metadata.current_snapshot() == nullptr) {
    return {};
  }
  return fixture.Rows(kQuarantine, {"audit_event_id", "rule", "column_name", "reason",
                                    "discarded_at", "raw_data"});
}

std::vector<OrderEvent> RandomBadEvents() {
  const int count = *rc::gen::inRange(1, 25);
  std::vector<OrderEvent> events;
  for (int id = 1; id <= count; ++id) {
    events.push_back(
        {.id = id,
         .operation = *rc::gen::element('I', 'U', 'D', 'X'),
         .time_us = *rc::gen::inRange<int64_t>(0, 8),
         .order_id = *rc::gen::inRange(1, 5),
         .description = *rc::gen::element<std::string>("good", "odd", "bad")});
  }
  return events;
}

/// Lands the events in any order, in files cut anywhere, some twice; runs now and then.
void Deliver(FlowFixture& fixture, std::vector<OrderEvent> events) {
  const int repeats = *rc::gen::inRange(0, 4);
  for (int i = 0; i < repeats; ++i) {
    events.push_back(*rc::gen::elementOf(events));
  }
  for (size_t i = events.size(); i > 1; --i) {
    std::swap(events[i - 1], events[*rc::gen::inRange<size_t>(0, i)]);
  }
  for (size_t begin = 0; begin < events.size();) {
    const size_t end = *rc::gen::inRange<size_t>(begin + 1, events.size() + 1);
    fixture.Land({events.begin() + static_cast<std::ptrdiff_t>(begin),
                  events.begin() + static_cast<std::ptrdiff_t>(end)});
    begin = end;
    if (*rc::gen::inRange(0, 2) == 0) {
      fixture.Run();
    }
  }
}

TEST(QuarantineLawTest, ReplayUnderANewContractEqualsThatContractFromTheStart) {
  const bool held = rc::check("quarantine, then replay, is independent of order", [] {
    const auto events = RandomBadEvents();
    FlowFixture later;
    later.pipeline().limits.batch_bytes = *rc::gen::element<int64_t>(1, 300, 1'000'000);
    SetContract(later.pipeline(), {"I", "U", "D"}, {"good"});
    const size_t cut = *rc::gen::inRange<size_t>(0, events.size() + 1);
    const auto middle = events.begin() + static_cast<std::ptrdiff_t>(cut);
    if (cut > 0) {
      Deliver(later, {events.begin(), middle});
      later.Run();
    }
    SetContract(later.pipeline(), {"I", "U", "D", "X"}, {"good", "odd"});
    if (cut < events.size()) {
      Deliver(later, {middle, events.end()});
    }
    Must(ReplayQuarantined(later.pipeline(), {}));
    later.Run();
    Must(ReplayQuarantined(later.pipeline(), {}));

    FlowFixture start;
    SetContract(start.pipeline(), {"I", "U", "D", "X"}, {"good", "odd"});
    Deliver(start, events);
    start.Run();
    RC_ASSERT(State(later) == State(start));
    RC_ASSERT(Quarantined(later) == Quarantined(start));
  });
  EXPECT_TRUE(held);
}

const OrderEvent kGood{
    .id = 1, .operation = 'I', .time_us = 1, .order_id = 1, .description = "good"};
const OrderEvent kOdd{
    .id = 2, .operation = 'U', .time_us = 2, .order_id = 1, .description = "odd"};

TEST(QuarantineReplayTest, ARepeatFindsNothingAndCommitsNothing) {
  FlowFixture fixture;
  SetContract(fixture.pipeline(), {}, {"good"});
  fixture.Land({kGood, kOdd});
  fixture.Run();
  SetContract(fixture.pipeline(), {}, {});
  const auto first = Must(ReplayQuarantined(fixture.pipeline(), {}));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first.front().passed, 1);
  const auto before = fixture.Load(kQuarantine).metadata_location;
  EXPECT_TRUE(Must(ReplayQuarantined(fixture.pipeline(), {})).empty());
  EXPECT_EQ(fixture.Load(kQuarantine).metadata_location, before);
  EXPECT_EQ(fixture.Rows("marts.orders", {"audit_event_id"}),
            std::vector<std::string>{"2"});
}

TEST(QuarantineReplayTest, AModelBehindItsUpstreamTakesTheEventInWithTheNextTransform) {
  FlowFixture fixture;
  SetContract(fixture.pipeline(), {}, {"good"});
  fixture.Land({kGood, kOdd});
  fixture.Run({.select = "staging", .full_refresh = false});
  SetContract(fixture.pipeline(), {}, {});
  EXPECT_EQ(Must(ReplayQuarantined(fixture.pipeline(), {})).front().passed, 1);
  fixture.Run();
  EXPECT_EQ(fixture.Rows("marts.orders_history_scd2", {"audit_event_id", "is_current"}),
            (std::vector<std::string>{"1|false", "2|true"}));
}

TEST(QuarantineReplayTest, AnEventThatTheUpstreamDoesNotHoldStaysOut) {
  FlowFixture fixture;
  SetContract(fixture.pipeline(), {}, {"good"});
  fixture.Land({kOdd});
  fixture.Run();
  ASSERT_TRUE(
      fixture.pipeline().catalog->DropTable({"staging", "stg_ecomm_audit_log_dml"}));
  SetContract(fixture.pipeline(), {}, {});
  const auto reports = Must(ReplayQuarantined(fixture.pipeline(), {}));
  EXPECT_EQ(reports.front().passed, 0);
  EXPECT_EQ(reports.front().left_out, 1);
  EXPECT_EQ(Quarantined(fixture).size(), 1U);
}

TEST(QuarantineTest, ARepeatWithinABatchIsCountedOnce) {
  FlowFixture fixture;
  OrderEvent other = kGood;
  other.description = "other";
  fixture.Land({kGood, other, other});
  EXPECT_EQ(fixture.Run().models.front().gain.quarantined, 1);
  EXPECT_EQ(fixture.Rows("quarantine.stg_ecomm_audit_log_dml", {"audit_event_id"}),
            std::vector<std::string>{"1"});
}

TEST(OnViolationFailTest, NothingOfTheModelIsCommittedAndTheRunAfterTheFixGoesOn) {
  for (const int64_t batch_bytes : {int64_t{1}, int64_t{1'000'000}}) {
    FlowFixture fixture;
    fixture.pipeline().limits.batch_bytes = batch_bytes;
    Flattened(fixture.pipeline()).on_violation = contract::OnViolation::kFail;
    fixture.Land({kGood});
    fixture.Run();
    SetContract(fixture.pipeline(), {}, {"good"});
    const auto versions = [&] {
      std::vector<std::string> found;
      for (const std::string& table :
           {std::string("staging.") + kFlattened, std::string("marts.orders"),
            std::string("marts.orders_history_scd2")}) {
        found.push_back(fixture.Load(table).metadata_location);
      }
      return found;
    };
    const auto before = versions();
    OrderEvent third = kGood;
    third.id = 3;
    third.time_us = 3;
    fixture.Land({third});
    fixture.Land({kOdd});
    NoProgress progress;
    const auto failed = Transform(fixture.pipeline(), {}, progress);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::kContractViolation);
    EXPECT_EQ(versions(), before);
    EXPECT_EQ(fixture.Rows("staging.stg_ecomm_audit_log_dml", {"audit_event_id"}).size(),
              3U)
        << "the model upstream goes on";
    EXPECT_TRUE(Quarantined(fixture).empty());

    SetContract(fixture.pipeline(), {}, {});
    const auto report = fixture.Run();
    EXPECT_EQ(report.commits, 1);
    EXPECT_EQ(fixture.Rows("marts.orders_history_scd2", {"audit_event_id"}),
              (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(fixture.Rows("marts.orders", {"audit_event_id"}),
              std::vector<std::string>{"3"});
    EXPECT_EQ(fixture.Run().commits, 0);
  }
}

TEST(OnViolationFailTest, AnEventThatWasDiscardedFailsNoRun) {
  FlowFixture fixture;
  SetContract(fixture.pipeline(), {}, {"good"});
  fixture.Land({kGood, kOdd});
  fixture.Run();
  Must(DiscardQuarantined(fixture.pipeline(), {}, "known"));
  Flattened(fixture.pipeline()).on_violation = contract::OnViolation::kFail;
  fixture.Run({.select = "", .full_refresh = true});
  EXPECT_EQ(fixture.Rows("marts.orders", {"audit_event_id"}),
            std::vector<std::string>{"1"});
}

TEST(DoubtfulKeysTest, KeysOfOpenEventsAreDoubtfulUntilTheyAreSettled) {
  FlowFixture fixture;
  SetContract(fixture.pipeline(), {}, {"good"});
  OrderEvent other = kOdd;
  other.id = 3;
  other.order_id = 7;
  OrderEvent twin = kGood;
  twin.description = "twin";
  fixture.Land({kGood, kOdd, other, twin});
  fixture.Run();
  const auto shown = [&](int64_t limit) {
    std::string text;
    for (const DoubtfulKeys& keys : Must(FindDoubtfulKeys(fixture.pipeline(), limit))) {
      text +=
          fmt::format("{} {}: {}\n", keys.table, keys.count, fmt::join(keys.keys, " "));
    }
    return text;
  };
  EXPECT_EQ(shown(10), "marts.orders 2: 1 7\nmarts.orders_history_scd2 2: 1 7\n");
  EXPECT_EQ(shown(1), "marts.orders 2: 1\nmarts.orders_history_scd2 2: 1\n");
  Must(DiscardQuarantined(fixture.pipeline(), {.event_ids = {3}}, "known"));
  SetContract(fixture.pipeline(), {}, {});
  Must(ReplayQuarantined(fixture.pipeline(), {}));
  EXPECT_EQ(shown(10), "marts.orders 1: 1\nmarts.orders_history_scd2 1: 1\n")
      << "of the conflict";
  Must(DiscardQuarantined(fixture.pipeline(), {}, "known"));
  EXPECT_EQ(shown(10), "");
}

TEST(QuarantineTest, ADiscardOfAnUnknownIdDoesNothing) {
  FlowFixture fixture;
  SetContract(fixture.pipeline(), {}, {"good"});
  fixture.Land({kGood, kOdd});
  fixture.Run();
  const auto none =
      DiscardQuarantined(fixture.pipeline(), {.event_ids = {2, 99}}, "note");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(none.error().message.find("99"), std::string::npos);
  const auto groups = Must(GroupQuarantined(fixture.pipeline(), {}));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups.front().open, 1);
  EXPECT_EQ(groups.front().discarded, 0);
}

}  // namespace
}  // namespace calve::flow
