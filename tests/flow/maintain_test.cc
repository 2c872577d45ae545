// The care of tables never changes their rows, nor what a run consumes.

#include "flow/maintain.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "flow/caretaker.h"
#include "flow/flow_fixture.h"
#include "flow/marker.h"
#include "flow/table_care.h"

namespace calve::flow {
namespace {

const std::vector<std::string> kColumns{"order_id", "audit_event_id", "description"};
constexpr const char* kOrders = "marts.orders";
constexpr const char* kHistory = "marts.orders_history_scd2";
constexpr const char* kStaging = "staging.stg_ecomm_audit_log_dml";

OrderEvent RandomEvent(int64_t id) {
  return {.id = id,
          .operation = *rc::gen::element('I', 'U', 'D'),
          .time_us = *rc::gen::inRange<int64_t>(0, 8),
          .order_id = *rc::gen::inRange(1, 6),
          .description = fmt::format("event {}", id)};
}

TEST(MaintainLawTest, CareAtAnyMomentGivesTheSameRowsAsNone) {
  EXPECT_TRUE(rc::check("compaction and expiry between rounds", [] {
    FlowFixture with;
    FlowFixture without;
    const int files = *rc::gen::inRange(1, 7);
    int64_t id = 0;
    for (int i = 0; i < files; ++i) {
      std::vector<OrderEvent> events;
      const int count = *rc::gen::inRange(1, 6);
      for (int k = 0; k < count; ++k) {
        events.push_back(RandomEvent(++id));
      }
      with.Land(events);
      without.Land(events);
      if (*rc::gen::inRange(0, 3) > 0) {
        with.Run({.select = *rc::gen::element<std::string>("", "", "staging", "orders"),
                  .full_refresh = false});
      }
      TakeCare(with.pipeline(), {.compact = *rc::gen::arbitrary<bool>(),
                                 .expire = *rc::gen::arbitrary<bool>()});
    }
    with.Run();
    without.Run();
    TakeCare(with.pipeline());
    RC_ASSERT(with.Run().commits == 0);
    for (const char* table : {kOrders, kHistory, kStaging}) {
      const std::vector<std::string> columns =
          table == kStaging ? std::vector<std::string>{"audit_event_id"} : kColumns;
      RC_ASSERT(with.Rows(table, columns) == without.Rows(table, columns));
    }
  }));
}

OrderEvent LandedInsert(int64_t id, int32_t order_id = 1) {
  return {.id = id,
          .operation = 'I',
          .time_us = id,
          .order_id = order_id,
          .description = fmt::format("event {}", id)};
}

TEST(MaintainTest, AModelThatLagsBehindReadsWhatWasCompactedMeanwhileOnce) {
  FlowFixture fixture;
  fixture.Land({LandedInsert(1)});
  fixture.Run();
  fixture.Land({LandedInsert(2)});
  fixture.Run({.select = "staging", .full_refresh = false});
  TakeCare(fixture.pipeline());
  const TransformReport report = fixture.Run();
  for (const ModelReport& model : report.models) {
    if (model.table == kHistory) {
      EXPECT_EQ(model.gain.input_rows, 1) << "not the whole upstream";
    }
  }
  EXPECT_EQ(fixture.Rows(kHistory, {"audit_event_id"}),
            (std::vector<std::string>{"1", "2"}));
}

TEST(MaintainTest, ACompactedUpstreamIsNothingNewAndKeepsTheChainTogether) {
  FlowFixture fixture;
  fixture.Land({LandedInsert(1)});
  fixture.Run();
  fixture.Land({LandedInsert(2)});
  fixture.Run();
  TakeCare(fixture.pipeline());
  EXPECT_EQ(fixture.Run().commits, 0);
  fixture.Land({LandedInsert(3)});
  EXPECT_EQ(fixture.Run().commits, 1) << "all models in one commit, as before";
}

TEST(MaintainTest, ExpiryKeepsWhatAConsumerHasNotReadAndSaysHowMuch) {
  FlowFixture fixture;
  for (int64_t id = 1; id <= 5; ++id) {
    fixture.Land({LandedInsert(id)});
    if (id == 2) {
      fixture.Run();
    }
  }
  fixture.pipeline().maintenance.expiry.max_snapshots = 1;
  const CaredTable landing{fixture.pipeline().landing_table, ""};
  const ExpiryOutcome outcome =
      Must(ExpireTable(fixture.pipeline(), landing, /*dry_run=*/false));
  EXPECT_EQ(outcome.done.snapshots, 1);
  EXPECT_EQ(outcome.held, 3);
}

TEST(MaintainTest, ExpiryKeepsWhatTheEngineThatIsAheadNeeds) {
  for (const size_t dbt_read : {1, 4}) {
    FlowFixture fixture;
    for (int64_t id = 1; id <= 5; ++id) {
      fixture.Land({LandedInsert(id)});
      if (id <= 2) {
        fixture.Run();
      }
    }
    const std::string landing = fixture.pipeline().landing_table.text();
    const auto landed = fixture.Load(landing).metadata.snapshots;
    const auto staged = fixture.Load(kStaging).metadata.snapshots;
    SetPropertyOf(fixture.pipeline(), Must(table::ParseTableName(kStaging)),
                  "calve.dbt.progress",
                  fmt::format(R"({{"upstream": "{}", "own": "{}"}})",
                              landed[dbt_read - 1].snapshot_id.value,
                              staged.front().snapshot_id.value));
    fixture.pipeline().maintenance.expiry.max_snapshots = 1;
    const auto expired = [&](const std::string& table, const std::string& upstream) {
      const CaredTable cared{Must(table::ParseTableName(table)), upstream};
      return Must(ExpireTable(fixture.pipeline(), cared, false)).done.snapshots;
    };
    EXPECT_EQ(expired(kStaging, landing), dbt_read == 4 ? 0 : 1);
    EXPECT_EQ(expired(landing, ""), dbt_read == 4 ? 3 : 1);
  }
}

TEST(MaintainTest, ATableThatForbidsCollectionKeepsItsSnapshots) {
  FlowFixture fixture;
  fixture.Land({LandedInsert(1)});
  fixture.Land({LandedInsert(2)});
  SetPropertyOf(fixture.pipeline(), fixture.pipeline().landing_table, "gc.enabled",
                "false");
  fixture.pipeline().maintenance.expiry.max_snapshots = 1;
  const CaredTable landing{fixture.pipeline().landing_table, ""};
  EXPECT_EQ(Must(ExpireTable(fixture.pipeline(), landing, false)).done.snapshots, 0);
}

TEST(CaretakerTest, FilesAndSnapshotsStayFewOverManyRounds) {
  FlowFixture fixture;
  fixture.pipeline().maintenance.expiry.max_snapshots = 10;
  Caretaker caretaker(fixture.pipeline());
  for (int64_t id = 1; id <= 40; ++id) {
    fixture.Land({LandedInsert(id, static_cast<int32_t>(id % 5))});
    fixture.Run();
    const CareReport report = Must(caretaker.Look(/*expire=*/true, nullptr));
    EXPECT_EQ(report.warnings, std::vector<std::string>{});
  }
  for (const CaredTable& cared : Must(TablesUnderCare(fixture.pipeline(), ""))) {
    const auto table = fixture.Load(cared.name.text());
    EXPECT_LE(table.metadata.snapshots.size(), 12U) << cared.name.text();
    const auto tasks = Must(table::PlanScan(*fixture.pipeline().store, table.metadata,
                                            *table.metadata.current_snapshot(), {}));
    EXPECT_LE(tasks.size(), 15U) << cared.name.text();
  }
  EXPECT_EQ(fixture.Rows(kHistory, {"audit_event_id"}).size(), 40U);
}

}  // namespace
}  // namespace calve::flow
