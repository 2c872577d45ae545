// The law of the product: marts are a function of the set of distinct events.

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "model/law_check.h"
#include "model/mart_oracle.h"
#include "model/mart_tables.h"

namespace calve::model {
namespace {

using contract::EventOrder;

/// Few keys and few times, so that ties, deletes and re-inserts abound. Ids ascend, times
/// go as they like.
std::vector<TestEvent> AnyEvents() {
  const auto any = rc::gen::build<TestEvent>(
      rc::gen::set(&TestEvent::key, rc::gen::inRange(0, 3)),
      rc::gen::set(&TestEvent::time, rc::gen::inRange<int64_t>(1, 8)),
      rc::gen::set(&TestEvent::is_delete,
                   rc::gen::weightedElement<bool>({{2, false}, {1, true}})));
  auto events = *rc::gen::container<std::vector<TestEvent>>(any);
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].id = static_cast<int64_t>(i) + 1;
  }
  return events;
}

/// The events in any order, some of them again and again, cut into batches anywhere.
std::vector<std::vector<TestEvent>> AnyDelivery(std::vector<TestEvent> events) {
  const std::vector<TestEvent> distinct = events;
  for (const size_t again : *rc::gen::container<std::vector<size_t>>(
           rc::gen::inRange<size_t>(0, std::max<size_t>(events.size(), 1)))) {
    if (!distinct.empty()) {
      events.push_back(distinct[again]);
    }
  }
  const auto ranks =
      *rc::gen::container<std::vector<int>>(events.size(), rc::gen::inRange(0, 1000));
  std::vector<size_t> sequence(events.size());
  std::iota(sequence.begin(), sequence.end(), size_t{0});
  std::stable_sort(sequence.begin(), sequence.end(),
                   [&](size_t a, size_t b) { return ranks[a] < ranks[b]; });
  const auto ends_batch = *rc::gen::container<std::vector<bool>>(
      events.size(), rc::gen::weightedElement<bool>({{3, false}, {1, true}}));
  std::vector<std::vector<TestEvent>> batches(1);
  for (size_t i = 0; i < sequence.size(); ++i) {
    batches.back().push_back(events[sequence[i]]);
    if (ends_batch[i]) {
      batches.emplace_back();
    }
  }
  return batches;
}

/// Checks the law. \return the counterexample, or nothing if it held everywhere
std::string MartCounterexample(EventOrder order, PlantedFaults faults) {
  const auto law = [&] {
    const std::vector<TestEvent> events = AnyEvents();
    MartTables tables(order, faults);
    for (const std::vector<TestEvent>& batch : AnyDelivery(events)) {
      tables.Apply(batch);
    }
    const Marts expected = Oracle(events, order);
    const Marts found = tables.Show();
    if (!(expected == found)) {
      RC_FAIL("expected " + expected.Show() + "\nfound " + found.Show());
    }
  };
  return Counterexample(law, {.cases = 3000});
}

TEST(MartLawsTest, AnyDeliveryGivesTheMartsOfTheSetOfEventsByTime) {
  EXPECT_EQ(MartCounterexample(EventOrder::kTimestampThenId, {}), "");
}

TEST(MartLawsTest, AnyDeliveryGivesTheMartsOfTheSetOfEventsById) {
  EXPECT_EQ(MartCounterexample(EventOrder::kId, {}), "");
}

// The law must catch the ways that such pipelines are known to go wrong.

MATCHER(IsCounterexample, "tells what was expected and what was found") {
  return arg.find("expected current:") != std::string::npos &&
         arg.find("found current:") != std::string::npos;
}

TEST(MartLawsTest, LatestWithoutATieBreakIsCaught) {
  const PlantedFaults faults{.no_tie_break = true};
  EXPECT_THAT(MartCounterexample(EventOrder::kTimestampThenId, faults),
              IsCounterexample());
}

TEST(MartLawsTest, ResurrectionAfterADeleteIsCaught) {
  const PlantedFaults faults{.latest_without_deletes = true};
  EXPECT_THAT(MartCounterexample(EventOrder::kTimestampThenId, faults),
              IsCounterexample());
  EXPECT_THAT(MartCounterexample(EventOrder::kId, faults), IsCounterexample());
}

TEST(MartLawsTest, ALostLateEventIsCaught) {
  const PlantedFaults faults{.late_events_lost = true};
  EXPECT_THAT(MartCounterexample(EventOrder::kTimestampThenId, faults),
              IsCounterexample());
  EXPECT_THAT(MartCounterexample(EventOrder::kId, faults), IsCounterexample());
}

TEST(MartLawsTest, ALateEventThatRaisesNothingIsCaught) {
  const PlantedFaults faults{.starts_not_raised = true};
  EXPECT_THAT(MartCounterexample(EventOrder::kId, faults), IsCounterexample());
}

TEST(MartLawsTest, ManyKeysStayApart) {
  std::vector<KeyedEvent> events;
  for (int i = 0; i < 20'000; ++i) {
    const int key = i % 10'000;
    events.push_back({"k" + std::to_string(key), {{i}, i}, false, i});
  }
  const CurrentPlan plan = PlanCurrent(events, {}, EventOrder::kTimestampThenId);
  std::vector<int64_t> expected(10'000);
  std::iota(expected.begin(), expected.end(), int64_t{10'000});
  EXPECT_EQ(plan.inserted, expected);
}

TEST(MartLawsTest, ARepeatedBatchTouchesNoRow) {
  const std::vector<TestEvent> batch{{1, 0, 5, false}, {2, 0, 5, true},
                                     {3, 0, 4, false}, {4, 1, 9, false},
                                     {4, 1, 9, false}, {5, 1, 2, false}};
  for (const EventOrder order : {EventOrder::kTimestampThenId, EventOrder::kId}) {
    MartTables tables(order);
    tables.Apply(batch);
    const Marts before = tables.Show();
    EXPECT_EQ(tables.TakeTouchedRows(), order == EventOrder::kId ? 7 : 6);
    tables.Apply(batch);
    EXPECT_EQ(tables.TakeTouchedRows(), 0);
    EXPECT_EQ(tables.Show(), before);
  }
}

}  // namespace
}  // namespace calve::model
