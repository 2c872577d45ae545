#include "flow/contract_tests.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "flow/contract_diff.h"
#include "flow/flow_fixture.h"
#include "flow/value_scan.h"

namespace calve::flow {
namespace {

OrderEvent OrderInsert(int64_t id, int32_t order_id, const std::string& more = "") {
  return {.id = id,
          .operation = 'I',
          .time_us = id,
          .order_id = order_id,
          .description = "d",
          .more = more};
}

/// The tests that do not pass, each as `name failures [examples]`.
std::vector<std::string> Failing(FlowFixture& fixture, const std::string& select = "") {
  NoProgress progress;
  std::vector<std::string> failing;
  for (const ContractTest& test :
       Must(TestContracts(fixture.pipeline(), select, progress))) {
    if (!test.passed()) {
      failing.push_back(fmt::format("{} {} [{}]", test.name, test.failures,
                                    fmt::join(test.examples, "; ")));
    }
  }
  return failing;
}

contract::Column& ContractColumn(FlowFixture& fixture, const std::string& model,
                                 const std::string& column) {
  return const_cast<contract::Column&>(*fixture.ModelOf(model).Find(column));
}

TEST(ContractTestsTest, TablesThatKeepTheirContractsPassEveryTest) {
  FlowFixture fixture;
  fixture.Land({OrderInsert(1, 1), OrderInsert(2, 1), OrderInsert(3, 2)});
  fixture.Run();
  NoProgress progress;
  std::string shown;
  for (const ContractTest& test :
       Must(TestContracts(fixture.pipeline(), "orders", progress))) {
    shown +=
        fmt::format("{} {} {} {}\n", test.name, test.table, test.rows, test.failures);
  }
  EXPECT_EQ(shown,
            "not_null_orders_order_id marts.orders 2 0\n"
            "unique_orders_order_id marts.orders 2 0\n");
  EXPECT_TRUE(Failing(fixture).empty());
}

TEST(ContractTestsTest, RowsThatBreakARuleAreCountedAndNamedByTheirKey) {
  FlowFixture fixture;
  fixture.Land({OrderInsert(1, 1), OrderInsert(2, 2, R"("description": null)"),
                OrderInsert(3, 3)});
  fixture.Run();
  ContractColumn(fixture, "orders", "description").not_null = true;
  ContractColumn(fixture, "orders", "order_id").accepted_values = {"1", "2", "x"};
  ContractColumn(fixture, "orders", "order_sum").unique = true;
  contract::Check check;
  check.name = "few";
  check.condition = Must(contract::ParseCondition("order_id < 2 or description is null"));
  fixture.ModelOf("orders").checks.push_back(check);
  EXPECT_EQ(
      Failing(fixture, "orders"),
      (std::vector<std::string>{"accepted_values_orders_order_id__1__2__x 1 [order_id=3]",
                                "not_null_orders_description 1 [order_id=2]",
                                "check_orders_few 1 [order_id=3]",
                                "unique_orders_order_sum 3 [order_sum=1.5]"}));
}

TEST(ContractTestsTest, ValuesThatReferToNothingAreFound) {
  FlowFixture fixture;
  fixture.Land(
      {OrderInsert(1, 1, R"("description": "1")"), OrderInsert(2, 2), OrderInsert(3, 7)});
  fixture.Run();
  ContractColumn(fixture, "orders", "order_id").relationships = {
      {.to = "ref('stg_ecomm_audit_log_dml')",
       .model = "stg_ecomm_audit_log_dml",
       .field = "audit_event_id"},
      {.to = "ref('seed')", .model = "seed", .field = "id"}};
  EXPECT_EQ(
      Failing(fixture, "orders"),
      std::vector<std::string>{
          "relationships_orders_order_id__audit_event_id__ref_stg_ecomm_audit_log_dml_"
          " 1 [order_id=7]"});
  NoProgress progress;
  const auto tests = Must(TestContracts(fixture.pipeline(), "orders", progress));
  EXPECT_EQ(tests.back().skipped, "ref('seed') is no model with meta.calve");
}

TEST(ContractTestsTest, WhatDbtAloneRunsIsSkippedAndSaysSo) {
  FlowFixture fixture;
  fixture.Land({OrderInsert(1, 1)});
  fixture.Run();
  ContractColumn(fixture, "orders", "order_id").left_to_dbt = {"my_test"};
  NoProgress progress;
  const auto tests = Must(TestContracts(fixture.pipeline(), "orders", progress));
  EXPECT_EQ(tests.back().name, "my_test_orders_order_id");
  EXPECT_EQ(tests.back().skipped.substr(0, 11), "left to dbt");
}

TEST(ContractTestsTest, ATableThatIsNotThereIsSkipped) {
  FlowFixture fixture;
  NoProgress progress;
  for (const ContractTest& test :
       Must(TestContracts(fixture.pipeline(), "orders", progress))) {
    EXPECT_EQ(test.skipped, "its table is not there yet");
  }
}

TEST(ValueScanTest, WhatIsFoundDoesNotDependOnTheMemoryThatThereIs) {
  const bool held = rc::check("repeated values are found in any number of parts", [] {
    FlowFixture fixture;
    const int count = *rc::gen::inRange(1, 30);
    std::map<int32_t, int64_t> rows_of;
    std::vector<OrderEvent> events;
    for (int id = 1; id <= count; ++id) {
      events.push_back(OrderInsert(id, *rc::gen::inRange(1, 20)));
      ++rows_of[events.back().order_id];
    }
    fixture.Land(events);
    fixture.Run();
    int64_t repeated = 0;
    for (const auto& [key, rows] : rows_of) {
      repeated += rows > 1 ? rows : 0;
    }
    const auto flattened = fixture.Load("staging." + kFlattened);
    const auto orders = fixture.Load("marts.orders");
    const ValueLimits limits{.memory_bytes = *rc::gen::element<int64_t>(1, 40, 1'000'000),
                             .examples = 5};
    const auto found =
        Must(FindRepeated(*fixture.pipeline().store, {flattened, "order_id"}, limits));
    RC_ASSERT(found.rows == count);
    RC_ASSERT(found.findings == repeated);
    const auto dangling =
        Must(FindDangling(*fixture.pipeline().store, {flattened, "audit_event_id"},
                          {orders, "order_id"}, {"audit_event_id"}, limits));
    const auto missing =
        std::count_if(events.begin(), events.end(), [&](const auto& event) {
          return !rows_of.contains(static_cast<int32_t>(event.id));
        });
    RC_ASSERT(dangling.findings == missing);
  });
  EXPECT_TRUE(held);
}

TEST(ContractDiffTest, ListsWhatPayloadsHoldAndContractsDoNot) {
  FlowFixture fixture;
  fixture.Land({OrderInsert(1, 1, R"("colour": 7, "Size": "x")"),
                OrderInsert(2, 2, R"("colour": null)")});
  fixture.Run();
  fixture.Land({OrderInsert(3, 3, R"("later": true)")});
  fixture.Run({.select = "stg_ecomm_audit_log_dml", .full_refresh = false});
  NoProgress progress;
  const auto diff =
      Must(CompareWithContract(fixture.pipeline(), "", std::nullopt, progress));
  std::string shown;
  for (const NewField& field : diff.fields) {
    shown += fmt::format("{} {} {} {}/{} {}\n", field.field, field.column.substr(0, 5),
                         field.in_table, field.values.rows, field.values.nulls,
                         contract::ColumnTypeName(field.values.suggested));
  }
  EXPECT_EQ(shown,
            "Size size_ true 1/0 varchar\n"
            "colour colou true 2/1 integer\n"
            "later later false 1/0 boolean\n");
}

}  // namespace
}  // namespace calve::flow
