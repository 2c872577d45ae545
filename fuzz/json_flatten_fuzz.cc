// Fuzzes flatten: any payload is a row or a violation, the same one each time, whether
// its scalars are typed or strings, and whatever stands beside it in the batch.
//
// Input: a line of options, then a payload a line.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "core/event.h"
#include "fuzz_input.h"
#include "model/flatten.h"

namespace {

using calve::contract::SchemaEvolution;
using calve::fuzz::Require;
using calve::model::FlattenPlan;

constexpr size_t kMaxRows = 16;

calve::contract::Column ColumnOf(const std::string& name, const std::string& type,
                                 const std::string& field = "") {
  calve::contract::Column column;
  column.name = name;
  column.type = *calve::contract::ParseColumnType(type);
  column.source_field = field.empty() ? name : field;
  return column;
}

/// The example's flattened orders, with a column of every other type.
calve::contract::Model OrdersModel() {
  const std::string moment = "timestamp(6) with time zone";
  calve::contract::Model model;
  model.name = "flat";
  model.file = "models/schema.yml";
  model.kind = calve::contract::ModelKind::kFlatten;
  model.source_table = "public.orders";
  model.columns = {ColumnOf("audit_event_id", "bigint"),
                   ColumnOf("audit_operation", "varchar"),
                   ColumnOf("audit_timestamp", moment),
                   ColumnOf("order_id", "integer"),
                   ColumnOf("created_at", moment),
                   ColumnOf("order_sum", "double", "sum"),
                   ColumnOf("price", "decimal(12,2)"),
                   ColumnOf("total", "bigint"),
                   ColumnOf("ratio", "real"),
                   ColumnOf("born", "date"),
                   ColumnOf("local", "timestamp(6)"),
                   ColumnOf("paid", "boolean"),
                   ColumnOf("description", "varchar")};
  model.columns.back().accepted_values = {"x", "12.50", "true", "a\"b"};
  return model;
}

std::shared_ptr<arrow::RecordBatch> BatchOf(const std::vector<std::string>& payloads) {
  const auto rows = static_cast<int64_t>(payloads.size());
  const auto moment = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  const auto same = [rows](const arrow::Scalar& value) {
    return arrow::MakeArrayFromScalar(value, rows).ValueOrDie();
  };
  for (int64_t row = 0; row < rows; ++row) {
    Require(ids.Append(row).ok() && texts.Append(payloads[static_cast<size_t>(row)]).ok(),
            "the batch can be built");
  }
  return arrow::RecordBatch::Make(
      calve::LandedEventSchema(), rows,
      {same(arrow::TimestampScalar(0, moment)), same(arrow::StringScalar("f.csv")),
       ids.Finish().ValueOrDie(), same(arrow::StringScalar("I")),
       same(arrow::TimestampScalar(0, moment)), same(arrow::StringScalar("public")),
       same(arrow::StringScalar("orders")), texts.Finish().ValueOrDie()});
}

bool SameViolations(const FlattenPlan& a, const FlattenPlan& b) {
  return std::equal(a.violations.begin(), a.violations.end(), b.violations.begin(),
                    b.violations.end(), [](const auto& x, const auto& y) {
                      return x.row == y.row && x.rule == y.rule && x.column == y.column &&
                             x.reason == y.reason;
                    });
}

bool Same(const FlattenPlan& a, const FlattenPlan& b) {
  return SameViolations(a, b) && a.extra_columns == b.extra_columns &&
         a.rows->Equals(*b.rows, /*check_metadata=*/false,
                        arrow::EqualOptions::Defaults().nans_equal(true));
}

/// Every row is kept or quarantined, none is both; ids tell which.
void RequireEachRowOnce(const FlattenPlan& plan, size_t rows) {
  std::vector<bool> seen(rows);
  const auto take = [&](int64_t row) {
    const bool fresh =
        row >= 0 && static_cast<size_t>(row) < rows && !seen[static_cast<size_t>(row)];
    Require(fresh, "a row is kept or quarantined, and only once");
    seen[static_cast<size_t>(row)] = true;
  };
  const auto& ids = static_cast<const arrow::Int64Array&>(*plan.rows->column(0));
  for (int64_t i = 0; i < ids.length(); ++i) {
    take(ids.Value(i));
  }
  for (const auto& violation : plan.violations) {
    take(violation.row);
  }
  Require(static_cast<size_t>(ids.length()) + plan.violations.size() == rows,
          "no row is lost");
}

/// The payload with the numbers and booleans among its members as strings: the other
/// style that sources write. Requires: it is one JSON object.
std::string InTextStyle(std::string_view json) {
  std::string out;
  int depth = 0;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      const size_t begin = i++;
      for (; json[i] != '"'; ++i) {
        i += json[i] == '\\' ? 1 : 0;
      }
      out += json.substr(begin, i + 1 - begin);
      continue;
    }
    depth += c == '{' || c == '[' ? 1 : 0;
    depth -= c == '}' || c == ']' ? 1 : 0;
    const bool scalar =
        depth == 1 && std::string_view("-0123456789tf").find(c) != std::string_view::npos;
    if (!scalar) {
      out += c;
      continue;
    }
    const size_t end = std::min(json.find_first_of(",} \t\r\n", i), json.size());
    out += '"';
    out += json.substr(i, end - i);
    out += '"';
    i = end - 1;
  }
  return out;
}

void CheckStyles(const FlattenPlan& plan, std::vector<std::string> payloads,
                 const calve::contract::Model& model) {
  std::vector<bool> is_json(payloads.size(), true);
  for (const auto& violation : plan.violations) {
    is_json[static_cast<size_t>(violation.row)] = violation.rule != "payload";
  }
  for (size_t row = 0; row < payloads.size(); ++row) {
    payloads[row] = is_json[row] ? InTextStyle(payloads[row]) : payloads[row];
  }
  const auto other = calve::model::Flatten(*BatchOf(payloads), model, {"order_id"});
  Require(other && Same(plan, *other), "both styles give the same");
}

void CheckAlone(const FlattenPlan& plan, const std::vector<std::string>& payloads,
                const calve::contract::Model& model) {
  size_t kept = 0;
  for (const std::string& payload : payloads) {
    const auto alone = calve::model::Flatten(*BatchOf({payload}), model, {"order_id"});
    Require(alone.has_value(), "a payload of a batch can be flattened alone");
    kept += static_cast<size_t>(alone->rows->num_rows());
  }
  Require(kept == static_cast<size_t>(plan.rows->num_rows()),
          "neighbours do not decide whether a row is kept");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = calve::fuzz::TextOf(data, size);
  const std::string_view options = calve::fuzz::TakeLine(rest);
  calve::contract::Model model = OrdersModel();
  model.schema_evolution = options == "contract" ? SchemaEvolution::kContract
                           : options == "fail"   ? SchemaEvolution::kFail
                                                 : SchemaEvolution::kPropagate;
  std::vector<std::string> payloads;
  while (!rest.empty() && payloads.size() < kMaxRows) {
    payloads.emplace_back(calve::fuzz::TakeLine(rest));
  }
  const auto batch = BatchOf(payloads);
  const auto plan = calve::model::Flatten(*batch, model, {"order_id"});
  if (!plan) {
    Require(model.schema_evolution == SchemaEvolution::kFail &&
                plan.error().kind == calve::ErrorKind::kContractViolation,
            "only a new field under `fail` refuses a batch");
    return 0;
  }
  Require(plan->rows->ValidateFull().ok(), "the kept rows are sound");
  const auto again = calve::model::Flatten(*batch, model, {"order_id"});
  Require(again && Same(*plan, *again), "the same payloads give the same");
  RequireEachRowOnce(*plan, payloads.size());
  CheckStyles(*plan, payloads, model);
  CheckAlone(*plan, payloads, model);
  return 0;
}
