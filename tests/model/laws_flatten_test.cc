// Flatten is a function of each row: of neither the payload's style nor the batch's cut.

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "model/flatten_fixture.h"
#include "model/law_check.h"

namespace calve::model {
namespace {

/// A row's cells by column name, nulls left out: columns may come in any order.
using NamedCells = std::map<std::string, std::string>;

std::vector<NamedCells> CellsOf(const FlattenPlan& plan) {
  std::vector<NamedCells> rows(static_cast<size_t>(plan.rows->num_rows()));
  for (int column = 0; column < plan.rows->num_columns(); ++column) {
    for (size_t row = 0; row < rows.size(); ++row) {
      const auto cell =
          plan.rows->column(column)->GetScalar(static_cast<int64_t>(row)).ValueOrDie();
      if (cell->is_valid) {
        rows[row][plan.rows->column_name(column)] = cell->ToString();
      }
    }
  }
  return rows;
}

/// A JSON value, and the same as a JSON string.
struct TwoStyles {
  std::string typed;
  std::string text;
};

TwoStyles AnyScalar() {
  const auto plain = *rc::gen::element<std::string>(
      "null", "true", "false", "0", "-7", "12.50", "1e3", "1e400", "2147483648", "007",
      "2024-01-31 10:20:30.5+00", "", "x", "a\\\"b", "\\u0000", "\\ud83d\\ude00", " 5 ");
  const bool literal = plain == "null" || plain == "true" || plain == "false" ||
                       (plain.find_first_not_of("0123456789.-e") == std::string::npos &&
                        !plain.empty() && plain != "007");
  const std::string text = plain == "null" ? plain : "\"" + plain + "\"";
  return {literal ? plain : text, text};
}

/// Payloads of one row in both styles; members repeat and come in any order.
TwoStyles AnyPayload() {
  const auto names =
      *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "order_id", "created_at", "sum", "description", "extra", "Extra", "order_sum",
          "esc\\u0061pe", "escape"));
  TwoStyles payload{"{", "{"};
  for (size_t i = 0; i < names.size(); ++i) {
    const TwoStyles value = AnyScalar();
    const char* comma = i == 0 ? "" : ", ";
    payload.typed += fmt::format("{}\"{}\": {}", comma, names[i], value.typed);
    payload.text += fmt::format("{}\"{}\":{}", comma, names[i], value.text);
  }
  payload.typed += "}";
  payload.text += "}";
  return payload;
}

contract::Model StrictModel() {
  contract::Model model = OrdersModel();
  model.columns.back().accepted_values = {"x", "12.50", "true", "a\"b"};
  return model;
}

TEST(FlattenLawsTest, BothPayloadStylesGiveTheSameRowOrViolation) {
  const auto law = [] {
    const TwoStyles payload = AnyPayload();
    const auto typed = Flattened({{.raw = payload.typed}}, StrictModel());
    const auto text = Flattened({{.raw = payload.text}}, StrictModel());
    RC_ASSERT(Show(typed.violations) == Show(text.violations));
    RC_ASSERT(CellsOf(typed) == CellsOf(text));
    RC_ASSERT(typed.extra_columns == text.extra_columns);
  };
  EXPECT_EQ(Counterexample(law, {.cases = 1000, .max_size = 12}), "");
}

std::vector<LandedRow> AnyRows() {
  const auto count = *rc::gen::inRange<int64_t>(0, 12);
  std::vector<LandedRow> rows;
  for (int64_t i = 0; i < count; ++i) {
    LandedRow row{.id = i, .raw = AnyPayload().typed};
    row.table = *rc::gen::element<std::string>("orders", "orders", "orders", "other");
    if (*rc::gen::weightedElement<bool>({{1, true}, {8, false}})) {
      row.raw->pop_back();
    }
    rows.push_back(row);
  }
  return rows;
}

/// Both parts' rows and violations, as if they had been one batch.
void ExpectConcatenation(const FlattenPlan& whole, const FlattenPlan& head,
                         FlattenPlan tail, int64_t cut) {
  for (Violation& violation : tail.violations) {
    violation.row += cut;
  }
  RC_ASSERT(Show(head.violations) + Show(tail.violations) == Show(whole.violations));
  std::vector<NamedCells> cells = CellsOf(head);
  const std::vector<NamedCells> rest = CellsOf(tail);
  cells.insert(cells.end(), rest.begin(), rest.end());
  RC_ASSERT(cells == CellsOf(whole));
  std::vector<std::string> extras = head.extra_columns;
  for (const std::string& name : tail.extra_columns) {
    if (std::find(extras.begin(), extras.end(), name) == extras.end()) {
      extras.push_back(name);
    }
  }
  RC_ASSERT(extras == whole.extra_columns);
}

TEST(FlattenLawsTest, ABatchIsTheConcatenationOfItsParts) {
  const auto law = [] {
    const auto batch = LandedBatch(AnyRows());
    const auto cut = *rc::gen::inRange<int64_t>(0, batch->num_rows() + 1);
    const auto whole = Flatten(*batch, StrictModel(), {"order_id"});
    const auto head = Flatten(*batch->Slice(0, cut), StrictModel(), {"order_id"});
    auto tail = Flatten(*batch->Slice(cut), StrictModel(), {"order_id"});
    RC_ASSERT(whole && head && tail);
    ExpectConcatenation(*whole, *head, *std::move(tail), cut);
  };
  EXPECT_EQ(Counterexample(law, {.cases = 1000, .max_size = 12}), "");
}

TEST(FlattenLawsTest, AnyBytesGiveARowOrAViolation) {
  const auto law = [] {
    std::string payload = AnyPayload().typed;
    const auto edits = *rc::gen::inRange(0, 4);
    for (int i = 0; i < edits && !payload.empty(); ++i) {
      const auto at = *rc::gen::inRange<size_t>(0, payload.size());
      payload[at] = *rc::gen::arbitrary<char>();
      payload.resize(*rc::gen::element(payload.size(), payload.size(), at));
    }
    const auto plan = Flattened({{.raw = payload}}, StrictModel());
    RC_ASSERT(plan.rows->num_rows() + static_cast<int64_t>(plan.violations.size()) == 1);
  };
  EXPECT_EQ(Counterexample(law, {.cases = 2000, .max_size = 12}), "");
}

}  // namespace
}  // namespace calve::model
