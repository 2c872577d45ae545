#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "flow/flow_fixture.h"

namespace calve::flow {
namespace {

const std::vector<OrderEvent> kEvents{
    {.id = 1, .operation = 'I', .time_us = 1, .order_id = 1, .description = "a"},
    {.id = 2, .operation = 'I', .time_us = 2, .order_id = 2, .description = "b"},
    {.id = 3, .operation = 'U', .time_us = 3, .order_id = 1, .description = "c"}};

contract::Model& ModelNamed(Pipeline& pipeline, const std::string& name) {
  for (contract::Model& model : pipeline.project.models) {
    if (model.name == name) {
      return model;
    }
  }
  std::abort();
}

contract::Column& ColumnNamed(contract::Model& model, const std::string& name) {
  for (contract::Column& column : model.columns) {
    if (column.name == name) {
      return column;
    }
  }
  std::abort();
}

/// Runs an action whenever a task begins: what another process sees and does meanwhile.
class OnBegin final : public Progress {
 public:
  explicit OnBegin(std::function<void()> action) : action_(std::move(action)) {}
  void Begin(std::string_view /*step*/, int64_t /*total*/,
             std::string_view /*unit*/) override {
    action_();
  }
  void Advance(int64_t /*units*/) override {}
  void End(std::string_view /*note*/) override {}

 private:
  std::function<void()> action_;
};

TEST(RefreshTest, ReadersSeeTheOldRowsUntilOneCommitPutsTheNewOnesInPlace) {
  FlowFixture fixture;
  fixture.pipeline().limits.batch_bytes = 1;
  fixture.Land(kEvents);
  fixture.Run();
  const auto before = fixture.Load("marts.orders").metadata;
  const auto rows = fixture.Rows("marts.orders", {"order_id", "description"});
  int looks = 0;
  OnBegin others([&] {
    ++looks;
    EXPECT_EQ(fixture.Load("marts.orders").metadata, before);
    EXPECT_EQ(fixture.Rows("marts.orders", {"order_id", "description"}), rows);
  });
  const auto report =
      Must(Transform(fixture.pipeline(), {.select = "", .full_refresh = true}, others));
  EXPECT_GT(looks, 1);
  EXPECT_EQ(report.commits, 1);
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id", "description"}), rows);
  const auto after = fixture.Load("marts.orders").metadata;
  EXPECT_EQ(after.snapshot_log.size(), before.snapshot_log.size() + 1);
  EXPECT_EQ(after.metadata_log.size(), before.metadata_log.size() + 1);
  EXPECT_EQ(fixture.Run().commits, 0) << "the markers stand where the refresh ended";
}

TEST(RefreshTest, AColumnOfAnotherTypeGivesWayToANewOneAndOldSnapshotsKeepTheirs) {
  FlowFixture fixture;
  fixture.Land(kEvents);
  fixture.Run();
  const auto before = fixture.Load("marts.orders").metadata;
  for (const std::string& name :
       {kFlattened, std::string("orders"), std::string("orders_history_scd2")}) {
    ColumnNamed(ModelNamed(fixture.pipeline(), name), "order_sum").type = {
        .kind = contract::TypeKind::kDecimal, .precision = 12, .scale = 2};
  }
  fixture.Run({.select = kFlattened + "+", .full_refresh = true});
  const auto after = fixture.Load("marts.orders").metadata;
  EXPECT_GT(after.schema().Find("order_sum")->id, before.schema().Find("order_sum")->id);
  EXPECT_EQ(before.schema(),
            after.SchemaOf(*after.FindSnapshot(*before.current_snapshot_id)));
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id", "order_sum", "description"}),
            (std::vector<std::string>{"1|1.50|c", "2|1.50|b"}));
}

TEST(RefreshTest, QuarantinedEventsAreJudgedByTheContractAsItIsNow) {
  FlowFixture fixture;
  OrderEvent odd = kEvents[1];
  odd.operation = 'X';
  fixture.Land({kEvents[0], odd});
  fixture.Run();
  const std::string quarantine = std::string("quarantine.") + kFlattened;
  ASSERT_EQ(fixture.Rows(quarantine, {"audit_event_id"}), std::vector<std::string>{"2"});
  ColumnNamed(ModelNamed(fixture.pipeline(), kFlattened), "audit_operation")
      .accepted_values = {"I", "U", "D", "X"};
  fixture.Run({.select = kFlattened + "+", .full_refresh = true});
  EXPECT_EQ(fixture.Rows(quarantine, {"audit_event_id"}), std::vector<std::string>{});
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id"}),
            (std::vector<std::string>{"1", "2"}));
}

TEST(RefreshTest, ARefreshThatLosesTheRaceStartsOver) {
  FlowFixture fixture;
  fixture.Land({kEvents[0]});
  fixture.Run();
  int races = 0;
  OnBegin others([&] {
    if (races++ == 0) {
      fixture.Land({kEvents[1], kEvents[2]});
      fixture.Run();
    }
  });
  Must(Transform(fixture.pipeline(), {.select = "", .full_refresh = true}, others));
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id", "description"}),
            (std::vector<std::string>{"1|c", "2|b"}));
  EXPECT_EQ(fixture.Rows("marts.orders_history_scd2", {"audit_event_id"}).size(), 3U);
}

}  // namespace
}  // namespace calve::flow
