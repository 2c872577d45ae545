// Drift does not depend on order: whatever fields appear, vanish, come back or change
// their type, any delivery gives the same rows and the same set of columns.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "flow/flow_fixture.h"
#include "model/flatten.h"

namespace calve::flow {
namespace {

using Texts = std::vector<std::string>;

const Texts kFlattenedColumns{"order_id", "audit_event_id"};

/// Field names that differ by case alone, need quoting, or are taken by tables.
const Texts kNames{"colour",          "Colour",   "COLOUR",    "größe", "a b",
                   "ingested_at_day", "valid_to", "order_sum", "2nd"};
/// A value as JSON, and as a column holds it.
const std::vector<std::pair<std::string, std::string>> kValues{
    {"1", "1"},
    {"\"1\"", "1"},
    {"true", "true"},
    {"\"x\"", "x"},
    {"null", "null"},
    {"2.50", "2.50"},
    {"[1, {}]", "[1,{}]"},
    {"{\"a\": \"b\"}", "{\"a\":\"b\"}"}};

/// An event with fields that its contract does not name.
struct DriftEvent {
  OrderEvent event;
  std::map<std::string, std::string> fields;  // the column's text, by field
};

/// Where a field goes: the rule, as the documents state it.
std::string ColumnNameOf(const std::string& field) {
  return field == "order_sum" ? model::SuffixedColumnName(field)
                              : model::ExtraColumnName(field);
}

std::vector<DriftEvent> RandomDrift() {
  const int count = *rc::gen::inRange(1, 16);
  std::vector<DriftEvent> events;
  for (int id = 1; id <= count; ++id) {
    DriftEvent drift;
    drift.event = {.id = id,
                   .operation = *rc::gen::element('I', 'U', 'D'),
                   .time_us = *rc::gen::inRange<int64_t>(0, 6),
                   .order_id = *rc::gen::inRange(1, 4),
                   .description = "d"};
    for (const std::string& name : kNames) {
      if (*rc::gen::inRange(0, 3) == 0) {
        const auto [json, text] = *rc::gen::elementOf(kValues);
        drift.fields[name] = text;
        drift.event.more +=
            fmt::format("{}\"{}\": {}", drift.event.more.empty() ? "" : ", ", name, json);
      }
    }
    events.push_back(drift);
  }
  return events;
}

/// The same events in any order, some again, cut anywhere.
std::vector<std::vector<OrderEvent>> RandomDriftDelivery(
    const std::vector<DriftEvent>& events) {
  std::vector<OrderEvent> all;
  for (const DriftEvent& drift : events) {
    all.push_back(drift.event);
  }
  const size_t distinct = all.size();
  const int repeats = *rc::gen::inRange(0, 5);
  for (int i = 0; i < repeats; ++i) {
    all.push_back(all[*rc::gen::inRange<size_t>(0, distinct)]);
  }
  for (size_t i = all.size(); i > 1; --i) {
    std::swap(all[i - 1], all[*rc::gen::inRange<size_t>(0, i)]);
  }
  std::vector<std::vector<OrderEvent>> files(1);
  for (const OrderEvent& event : all) {
    if (!files.back().empty() && *rc::gen::inRange(0, 4) == 0) {
      files.emplace_back();
    }
    files.back().push_back(event);
  }
  return files;
}

/// What the tables must hold: the definition, in a few lines.
struct DriftOracle {
  Texts columns;  // that drift adds, ascending
  Texts flattened;
  Texts history;
  Texts orders;

  explicit DriftOracle(const std::vector<DriftEvent>& events) {
    std::set<std::string> names;
    for (const DriftEvent& drift : events) {
      for (const auto& [field, text] : drift.fields) {
        names.insert(ColumnNameOf(field));
      }
    }
    columns.assign(names.begin(), names.end());
    std::map<int32_t, const DriftEvent*> latest;
    for (const DriftEvent& drift : events) {
      const std::string row = Row(drift);
      flattened.push_back(row);
      const DriftEvent*& last = latest[drift.event.order_id];
      if (last == nullptr || std::pair(last->event.time_us, last->event.id) <
                                 std::pair(drift.event.time_us, drift.event.id)) {
        last = &drift;
      }
    }
    for (const auto& [key, last] : latest) {
      if (last->event.operation != 'D') {
        orders.push_back(Row(*last));
      }
    }
    std::sort(flattened.begin(), flattened.end());
    std::sort(orders.begin(), orders.end());
    history = flattened;
  }

  std::string Row(const DriftEvent& drift) const {
    std::map<std::string, std::string> cells;
    for (const auto& [field, text] : drift.fields) {
      cells[ColumnNameOf(field)] = text;
    }
    std::string row = fmt::format("{}|{}", drift.event.order_id, drift.event.id);
    for (const std::string& column : columns) {
      row += "|" + (cells.contains(column) ? cells[column] : "null");
    }
    return row;
  }
};

/// The table's columns that no contract names, ascending.
Texts ExtraColumns(FlowFixture& fixture, const contract::Model& model) {
  Texts extra;
  const table::LoadedTable loaded = fixture.Load(model.table());
  for (const table::Field& field : loaded.metadata.schema().fields) {
    if (model.Find(field.name) == nullptr) {
      extra.push_back(field.name);
    }
  }
  std::sort(extra.begin(), extra.end());
  return extra;
}

Texts RowsWith(FlowFixture& fixture, const std::string& table, const Texts& extra) {
  Texts columns = kFlattenedColumns;
  columns.insert(columns.end(), extra.begin(), extra.end());
  return fixture.Rows(table, columns);
}

/// Whether the tables are as the oracle says.
bool Agrees(FlowFixture& fixture, const DriftOracle& oracle) {
  const std::map<std::string, Texts> wanted{{kFlattened, oracle.flattened},
                                            {"orders", oracle.orders},
                                            {"orders_history_scd2", oracle.history}};
  for (const auto& [name, rows] : wanted) {
    const contract::Model& model = fixture.ModelOf(name);
    if (ExtraColumns(fixture, model) != oracle.columns ||
        RowsWith(fixture, model.table(), oracle.columns) != rows) {
      return false;
    }
  }
  return true;
}

TEST(DriftLawTest, AnyDeliveryGivesTheRowsAndColumnsOfTheDefinition) {
  const bool held = rc::check("drift is a function of the set of events", [] {
    const auto events = RandomDrift();
    FlowFixture fixture;
    fixture.pipeline().limits.batch_bytes = *rc::gen::element<int64_t>(1, 1'000'000);
    for (const auto& file : RandomDriftDelivery(events)) {
      fixture.Land(file);
      if (*rc::gen::inRange(0, 2) == 0) {
        fixture.Run({.select = *rc::gen::element<std::string>("", "staging", "orders"),
                     .full_refresh = *rc::gen::inRange(0, 6) == 0});
      }
    }
    fixture.Run();
    RC_ASSERT(Agrees(fixture, DriftOracle(events)));
  });
  EXPECT_TRUE(held);
}

TEST(DriftLawTest, ADependenceOnOrderIsCaught) {
  // The planted fault: a field's column is named by what came first, not by its name.
  DriftEvent first{.event = {.id = 1, .time_us = 1, .order_id = 1, .description = "d"},
                   .fields = {{"Colour", "1"}}};
  first.event.more = R"("Colour": 1)";
  FlowFixture fixture;
  OrderEvent planted = first.event;
  planted.more = R"("colour": 1)";
  fixture.Land({planted});
  fixture.Run();
  EXPECT_FALSE(Agrees(fixture, DriftOracle({first})));
}

/// Accepts a field into the contracts of the flatten model and its marts.
void Accept(FlowFixture& fixture, const std::string& field, const std::string& type) {
  for (const std::string& name :
       {kFlattened, std::string("orders"), std::string("orders_history_scd2")}) {
    contract::Column column;
    column.name = ColumnNameOf(field);
    column.source_field = name == kFlattened ? field : column.name;
    column.type = Must(contract::ParseColumnType(type));
    fixture.ModelOf(name).columns.push_back(column);
  }
  fixture.Run({.select = kFlattened + "+", .full_refresh = true});
}

void SetContractMode(FlowFixture& fixture) {
  for (const std::string& name :
       {kFlattened, std::string("orders"), std::string("orders_history_scd2")}) {
    fixture.ModelOf(name).schema_evolution = contract::SchemaEvolution::kContract;
  }
}

TEST(DriftLawTest, AcceptingBetweenBatchesEqualsAcceptingBeforeAllOfThem) {
  const bool held = rc::check("when a field is accepted does not matter", [] {
    const auto events = RandomDrift();
    const bool contract_mode = *rc::gen::arbitrary<bool>();
    const std::string field = *rc::gen::elementOf(kNames);
    const std::string type =
        *rc::gen::element<std::string>("integer", "varchar", "double");
    FlowFixture before;
    FlowFixture between;
    if (contract_mode) {
      SetContractMode(before);
      SetContractMode(between);
    }
    Accept(before, field, type);
    const auto files = RandomDriftDelivery(events);
    const auto at = *rc::gen::inRange<size_t>(0, files.size() + 1);
    for (size_t i = 0; i <= files.size(); ++i) {
      if (i == at) {
        Accept(between, field, type);
      }
      if (i < files.size()) {
        before.Land(files[i]);
        before.Run();
        between.Land(files[i]);
        between.Run();
      }
    }
    for (const std::string& name :
         {kFlattened, std::string("orders"), std::string("orders_history_scd2")}) {
      const contract::Model& model = before.ModelOf(name);
      const Texts extra = ExtraColumns(before, model);
      RC_ASSERT(ExtraColumns(between, model) == extra);
      Texts columns = extra;
      columns.push_back(ColumnNameOf(field));
      RC_ASSERT(RowsWith(between, model.table(), columns) ==
                RowsWith(before, model.table(), columns));
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace calve::flow
