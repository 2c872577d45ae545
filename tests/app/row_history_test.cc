#include "app/row_history.h"

#include <string>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/arrow_cells.h"

namespace calve::app {
namespace {

using contract::Model;
using contract::ModelKind;

contract::Project ShopProject() {
  const auto model = [](std::string name, std::string layer, ModelKind kind,
                        std::string from, std::vector<std::string> key) {
    Model result;
    result.name = std::move(name);
    result.layer = std::move(layer);
    result.kind = kind;
    result.from = std::move(from);
    result.key = std::move(key);
    return result;
  };
  contract::Project project;
  project.name = "shop";
  project.models = {
      model("stg", "staging", ModelKind::kDedupe, "log", {}),
      model("flat", "staging", ModelKind::kFlatten, "stg", {}),
      model("alone", "staging", ModelKind::kFlatten, "stg", {}),
      model("orders", "marts", ModelKind::kCurrent, "flat", {"order_id"}),
      model("versions", "marts", ModelKind::kHistory, "flat", {"order_id"}),
      model("lines", "marts", ModelKind::kCurrent, "alone", {"order_id", "line"}),
  };
  return project;
}

/// `table (key) history?`, or the error.
std::string Place(const std::string& name, const std::vector<std::string>& columns = {}) {
  const auto place = FindHistory(ShopProject(), name, columns);
  if (!place) {
    return "error: " + place.error().message;
  }
  return fmt::format("{} ({}){}", place->table.text(), fmt::join(place->key_columns, ","),
                     place->is_history ? " history" : "");
}

TEST(FindHistoryTest, ModelsLeadToTheHistoryOfTheirUpstream) {
  EXPECT_EQ(Place("marts.orders"), "marts.versions (order_id) history");
  EXPECT_EQ(Place("orders"), "marts.versions (order_id) history");
  EXPECT_EQ(Place("marts.versions"), "marts.versions (order_id) history");
  EXPECT_EQ(Place("staging.flat"), "marts.versions (order_id) history");
}

TEST(FindHistoryTest, WithoutHistoryTheTableItselfIsRead) {
  EXPECT_EQ(Place("marts.lines"), "marts.lines (order_id,line)");
  EXPECT_EQ(Place("staging.stg"), "staging.stg (audit_event_id)");
}

TEST(FindHistoryTest, NamedColumnsLookInTheNamedTable) {
  EXPECT_EQ(Place("landing.log", {"audit_event_id"}), "landing.log (audit_event_id)");
  EXPECT_EQ(Place("orders", {"sum"}), "marts.orders (sum)");
}

TEST(FindHistoryTest, UnknownKeysAreAskedFor) {
  EXPECT_EQ(Place("landing.log"),
            "error: landing.log is no model of the dbt project, so its key is not known; "
            "give --key-column");
  EXPECT_EQ(Place("staging.alone"),
            "error: no history model is made from staging.alone; give --key-column");
}

TEST(LiteralFromTextTest, KeysAreReadByTheirColumnsType) {
  using table::TypeId;
  const auto cell = [](TypeId id, const std::string& text) {
    table::Type type;
    type.id = id;
    const auto literal = LiteralFromText(type, text);
    return literal ? CellOf(type, *literal) : Cell("error: " + literal.error().message);
  };
  EXPECT_EQ(cell(TypeId::kInt, "42"), Cell(int64_t{42}));
  EXPECT_EQ(cell(TypeId::kLong, "-9000000000"), Cell(int64_t{-9'000'000'000}));
  EXPECT_EQ(cell(TypeId::kString, "a,b"), Cell("a,b"));
  EXPECT_EQ(cell(TypeId::kDate, "2025-01-31"), Cell("2025-01-31"));
  EXPECT_EQ(cell(TypeId::kTimestamptz, "2025-01-31 12:00+02"),
            Cell("2025-01-31T10:00:00.000000Z"));
  EXPECT_EQ(cell(TypeId::kBoolean, "true"), Cell(true));
  EXPECT_EQ(cell(TypeId::kInt, "3000000000"),
            Cell("error: is no whole number that fits the column"));
  EXPECT_EQ(cell(TypeId::kInt, "x"),
            Cell("error: is no whole number that fits the column"));
  EXPECT_EQ(cell(TypeId::kDate, "2025-01-31 12:00"), Cell("error: is no date"));
  EXPECT_EQ(cell(TypeId::kDouble, "1"),
            Cell("error: stands for a column whose type cannot be looked up"));
}

TEST(CellAtTest, ValuesOfArraysBecomeCells) {
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                arrow::default_memory_pool());
  ASSERT_TRUE(times.Append(1'735'689'600'123'456).ok());
  ASSERT_TRUE(times.AppendNull().ok());
  const auto array = times.Finish().ValueOrDie();
  EXPECT_EQ(CellAt(*array, 0), Cell("2025-01-01T00:00:00.123456Z"));
  EXPECT_EQ(CellAt(*array, 1), Cell());
  arrow::Int32Builder numbers;
  ASSERT_TRUE(numbers.Append(7).ok());
  EXPECT_EQ(CellAt(*numbers.Finish().ValueOrDie(), 0), Cell(int64_t{7}));
}

}  // namespace
}  // namespace calve::app
