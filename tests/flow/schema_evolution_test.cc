// What becomes of tables when payloads, or contracts, change.

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "flow/flow_fixture.h"
#include "model/flatten.h"

namespace calve::flow {
namespace {

using contract::SchemaEvolution;
using Texts = std::vector<std::string>;

const std::string kFlattenedTable = "staging." + kFlattened;
const Texts kDownstream{kFlattenedTable, "marts.orders", "marts.orders_history_scd2"};

OrderEvent IdEvent(int64_t id, const std::string& more = "") {
  return {.id = id,
          .operation = 'I',
          .time_us = id,
          .order_id = static_cast<int32_t>(id),
          .description = "d",
          .more = more};
}

/// Sets the mode of all three models that can have new columns.
void SetEvolution(FlowFixture& fixture, SchemaEvolution evolution) {
  for (const std::string& name :
       {kFlattened, std::string("orders"), std::string("orders_history_scd2")}) {
    fixture.ModelOf(name).schema_evolution = evolution;
  }
}

contract::Column& ColumnOf(contract::Model& model, const std::string& name) {
  return const_cast<contract::Column&>(*model.Find(name));
}

void SetType(FlowFixture& fixture, const std::string& column, const std::string& type) {
  for (const std::string& name :
       {kFlattened, std::string("orders"), std::string("orders_history_scd2")}) {
    ColumnOf(fixture.ModelOf(name), column).type = Must(contract::ParseColumnType(type));
  }
}

size_t Snapshots(FlowFixture& fixture, const std::string& table) {
  return fixture.Load(table).metadata.snapshots.size();
}

TEST(SchemaEvolutionTest, NewFieldsPropagateToStagingAndMartsWhateverTheirNames) {
  FlowFixture fixture;
  fixture.Land({IdEvent(1)});
  fixture.Run();
  fixture.Land({IdEvent(2, R"("colour": "red", "Colour": 7, "größe": {"a": [1, null]})"),
                IdEvent(3, R"("ingested_at_day": "x", "valid_to": "y", "order_sum": 9)"),
                IdEvent(4, R"("colour": null, "a b": true)")});
  fixture.Run();
  const Texts names{"order_id",
                    "colour",
                    model::ExtraColumnName("Colour"),
                    model::ExtraColumnName("größe"),
                    model::ExtraColumnName("ingested_at_day"),
                    model::ExtraColumnName("valid_to"),
                    model::SuffixedColumnName("order_sum"),
                    model::ExtraColumnName("a b")};
  const Texts rows{"1|null|null|null|null|null|null|null",
                   "2|red|7|{\"a\":[1,null]}|null|null|null|null",
                   "3|null|null|null|x|y|9|null", "4|null|null|null|null|null|null|true"};
  for (const std::string& table : kDownstream) {
    EXPECT_EQ(fixture.Rows(table, names), rows) << table;
  }
}

TEST(SchemaEvolutionTest, UnderContractNewFieldsAreIgnoredEverywhere) {
  FlowFixture fixture;
  SetEvolution(fixture, SchemaEvolution::kContract);
  fixture.Land({IdEvent(1)});
  fixture.Run();
  const Texts before = fixture.Columns("marts.orders");
  fixture.Land({IdEvent(2, R"("colour": "red")")});
  fixture.Run();
  EXPECT_EQ(fixture.Columns("marts.orders"), before);
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id"}), (Texts{"1", "2"}));
}

TEST(SchemaEvolutionTest, AMartUnderContractLeavesOutWhatItsUpstreamPropagates) {
  FlowFixture fixture;
  fixture.ModelOf("orders").schema_evolution = SchemaEvolution::kContract;
  fixture.Land({IdEvent(1, R"("colour": "red")")});
  fixture.Run();
  fixture.Land({IdEvent(2, R"("colour": "red")")});
  fixture.Run({.select = kFlattened, .full_refresh = false});
  fixture.Run();
  EXPECT_EQ(fixture.Rows("marts.orders_history_scd2", {"colour"}), (Texts{"red", "red"}));
  EXPECT_EQ(fixture.Load("marts.orders").metadata.schema().Find("colour"), nullptr);
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id"}), (Texts{"1", "2"}));
}

TEST(SchemaEvolutionTest, UnderFailANewFieldStopsTheModelAndItsMarts) {
  FlowFixture fixture;
  fixture.ModelOf(kFlattened).schema_evolution = SchemaEvolution::kFail;
  fixture.Land({IdEvent(1)});
  fixture.Run();
  const size_t before = Snapshots(fixture, kFlattenedTable);
  fixture.pipeline().limits.batch_bytes = 1;  // A batch a file: the second is at fault.
  fixture.Land({IdEvent(2)});
  fixture.Land({IdEvent(3, R"("colour": "red")")});
  EXPECT_EQ(fixture.RunError().substr(0, 11), "new_field: ");
  EXPECT_EQ(Snapshots(fixture, kFlattenedTable), before);
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id"}), Texts{"1"});
}

TEST(SchemaEvolutionTest, AMartUnderFailStopsAtAColumnThatItsUpstreamPropagated) {
  FlowFixture fixture;
  fixture.ModelOf("orders").schema_evolution = SchemaEvolution::kFail;
  fixture.Land({IdEvent(1, R"("colour": "red")")});
  EXPECT_EQ(fixture.RunError().substr(0, 23), "new_field: model orders");
}

TEST(SchemaEvolutionTest, MoreColumnsThanTheBoundHaltTheRunWithItsRemedy) {
  FlowFixture fixture;
  const auto fields = [](const std::string& prefix, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) {
      text += fmt::format("{}\"{}{}\": 1", i == 0 ? "" : ",", prefix, i);
    }
    return text;
  };
  fixture.Land({IdEvent(1, fields("a", model::kMaxExtraColumns))});
  fixture.Run({.select = kFlattened + " stg_ecomm_audit_log_dml", .full_refresh = false});
  fixture.Land({IdEvent(2, fields("b", 1))});
  const std::string error = fixture.RunError(
      {.select = kFlattened + " stg_ecomm_audit_log_dml", .full_refresh = false});
  EXPECT_EQ(error.substr(0, 18), "too_many_columns: ");
  EXPECT_NE(error.find("schema_evolution: contract"), std::string::npos) << error;
}

TEST(ContractChangeTest, ColumnsWidenAsMetadataAloneAndOldSnapshotsKeepTheirs) {
  FlowFixture fixture;
  fixture.Land({IdEvent(1)});
  fixture.Run();
  const size_t before = Snapshots(fixture, "marts.orders");
  SetType(fixture, "order_id", "bigint");
  fixture.Run();
  for (const std::string& table : kDownstream) {
    const table::LoadedTable loaded = fixture.Load(table);
    const auto& metadata = loaded.metadata;
    EXPECT_EQ(metadata.schema().Find("order_id")->type.id, table::TypeId::kLong);
    const auto* old = metadata.FindSchema(*metadata.current_snapshot()->schema_id);
    EXPECT_EQ(old->Find("order_id")->type.id, table::TypeId::kInt);
  }
  EXPECT_EQ(Snapshots(fixture, "marts.orders"), before);
  OrderEvent wide = IdEvent(2);
  wide.more = R"("order_id": 5000000000)";  // The last of a repeated member counts.
  OrderEvent again = IdEvent(3);
  again.order_id = 1;
  fixture.Land({wide, again});
  fixture.Run();
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_id", "audit_event_id"}),
            (Texts{"1|3", "5000000000|2"}));
}

TEST(ContractChangeTest, EveryWideningThatIcebergAllowsKeepsTheRows) {
  const std::vector<std::pair<std::string, std::string>> widenings{
      {"integer", "bigint"}, {"real", "double"}, {"decimal(5,2)", "decimal(9,2)"}};
  for (const auto& [from, to] : widenings) {
    FlowFixture fixture;
    SetType(fixture, "order_sum", from);
    fixture.Land({IdEvent(1, R"("sum": 7)")});
    fixture.Run();
    SetType(fixture, "order_sum", to);
    OrderEvent again = IdEvent(2, R"("sum": 8)");
    again.order_id = 1;
    fixture.Land({again});  // Rewrites the stored version in the history.
    fixture.Run();
    const std::string point = from.starts_with("decimal") ? ".00" : "";
    EXPECT_EQ(fixture.Rows("marts.orders_history_scd2", {"audit_event_id", "order_sum"}),
              (Texts{"1|7" + point, "2|8" + point}))
        << from;
    EXPECT_EQ(fixture.Rows(kFlattenedTable, {"order_sum"}),
              (Texts{"7" + point, "8" + point}))
        << from;
  }
}

TEST(ContractChangeTest, AnyOtherTypeIsANamedHaltThatSaysHowToRebuild) {
  FlowFixture fixture;
  fixture.Land({IdEvent(1)});
  fixture.Run();
  SetType(fixture, "order_sum", "decimal(12,2)");
  const std::string error = fixture.RunError();
  EXPECT_EQ(error.substr(0, 18), "contract_changed: ");
  EXPECT_NE(error.find("has its column order_sum as double, and its contract now as "
                       "decimal(12, 2)"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("`calve transform --full-refresh -s " + kFlattened + "+`"),
            std::string::npos)
      << error;
}

TEST(ContractChangeTest, WhatWouldMixRowsOfTwoMeaningsIsANamedHalt) {
  struct Case {
    std::string name;
    void (*change)(FlowFixture&);
  };
  const std::vector<Case> cases{
      {"order_by",
       [](FlowFixture& f) { f.ModelOf("orders").order = contract::EventOrder::kId; }},
      {"key", [](FlowFixture& f) { f.ModelOf("orders").key = {"audit_event_id"}; }},
      {"source_table",
       [](FlowFixture& f) { f.ModelOf(kFlattened).source_table = "public.other"; }},
      {"path",
       [](FlowFixture& f) {
         ColumnOf(f.ModelOf(kFlattened), "order_sum").source_field = "total";
       }},
      {"removed column",
       [](FlowFixture& f) {
         std::erase_if(f.ModelOf("orders").columns,
                       [](const auto& column) { return column.name == "order_sum"; });
       }},
      {"mode", [](FlowFixture& f) { SetEvolution(f, SchemaEvolution::kContract); }},
      {"typed by hand",
       [](FlowFixture& f) {
         contract::Column colour;
         colour.name = colour.source_field = "colour";
         colour.type = Must(contract::ParseColumnType("integer"));
         f.ModelOf(kFlattened).columns.push_back(colour);
       }},
      {"path of a propagated field", [](FlowFixture& f) {
         contract::Column column;
         column.name = "paint";
         column.source_field = "colour";
         f.ModelOf(kFlattened).columns.push_back(column);
       }}};
  for (const Case& change : cases) {
    FlowFixture fixture;
    fixture.Land({IdEvent(1, R"("colour": 7)")});
    fixture.Run();
    change.change(fixture);
    EXPECT_EQ(fixture.RunError().substr(0, 18), "contract_changed: ") << change.name;
    fixture.Run({.select = kFlattened + "+", .full_refresh = true});
    EXPECT_EQ(fixture.RunError(), "none") << change.name;
  }
}

TEST(ContractChangeTest, WhatStoredRowsCannotTellIsAdopted) {
  FlowFixture fixture;
  fixture.Land({IdEvent(1, R"("colour": "red")")});
  fixture.Run();
  ColumnOf(fixture.ModelOf(kFlattened), "audit_event_id").not_null = false;
  for (const std::string& name :
       {kFlattened, std::string("orders"), std::string("orders_history_scd2")}) {
    contract::Column colour;  // As it propagated: the same values.
    colour.name = colour.source_field = "colour";
    contract::Column size;  // No row has had it.
    size.name = size.source_field = "size";
    size.type = Must(contract::ParseColumnType("integer"));
    auto& columns = fixture.ModelOf(name).columns;
    columns.push_back(colour);
    columns.push_back(size);
  }
  fixture.Land({IdEvent(2, R"("size": 4, "colour": "blue")")});
  fixture.Run();
  for (const std::string& table : kDownstream) {
    EXPECT_EQ(fixture.Rows(table, {"order_id", "colour", "size"}),
              (Texts{"1|red|null", "2|blue|4"}));
  }
  const table::LoadedTable loaded = fixture.Load(kFlattenedTable);
  EXPECT_FALSE(loaded.metadata.schema().Find("audit_event_id")->required);
}

TEST(ContractChangeTest, ARollbackBehindAFullRefreshIsANamedHalt) {
  FlowFixture fixture;
  fixture.Land({IdEvent(1, R"("total": 7)")});
  fixture.Run();
  const table::SnapshotId old =
      fixture.Load("marts.orders").metadata.current_snapshot()->snapshot_id;
  ColumnOf(fixture.ModelOf(kFlattened), "order_sum").source_field = "total";
  fixture.Run({.select = kFlattened + "+", .full_refresh = true});
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_sum"}), Texts{"7"});
  EXPECT_EQ(fixture.RunError(), "none");
  table::TableUpdate update(fixture.Load("marts.orders"),
                            table::NewSnapshotId(*fixture.pipeline().uuids));
  ASSERT_TRUE(update.Rollback(old));
  std::vector<table::TableUpdate> updates;
  updates.push_back(std::move(update));
  Must(table::CommitUpdates(fixture.pipeline().commit_context(), std::move(updates)));
  EXPECT_NE(fixture.RunError().find("was rolled back to rows from before"),
            std::string::npos);
  fixture.Run({.select = "orders", .full_refresh = true});
  EXPECT_EQ(fixture.Rows("marts.orders", {"order_sum"}), Texts{"7"});
}

TEST(ContractChangeTest, ARunAfterNoChangeCommitsNothing) {
  FlowFixture fixture;
  fixture.Land({IdEvent(1)});
  fixture.Run();
  const std::string before = fixture.Load("marts.orders").metadata_location;
  EXPECT_EQ(fixture.Run().commits, 0);
  EXPECT_EQ(fixture.Load("marts.orders").metadata_location, before);
}

}  // namespace
}  // namespace calve::flow
