#pragma once

/// \file model/flatten_fixture.h
/// A flatten model and its rows as text, for tests.

#include <memory>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "contract/contract.h"
#include "model/batch_builder.h"
#include "model/flatten.h"

namespace calve::model {

inline contract::Column ColumnOf(const std::string& name, const std::string& type,
                                 const std::string& field = "") {
  contract::Column column;
  column.name = name;
  column.type = *contract::ParseColumnType(type);
  column.source_field = field.empty() ? name : field;
  return column;
}

/// The reference model's columns, but `source_file` and the table's name.
inline contract::Model OrdersModel() {
  const std::string ts = "timestamp(6) with time zone";
  contract::Model model;
  model.name = "flat";
  model.file = "models/schema.yml";
  model.kind = contract::ModelKind::kFlatten;
  model.source_table = "public.orders";
  model.columns = {ColumnOf("ingested_at", ts),
                   ColumnOf("audit_event_id", "bigint"),
                   ColumnOf("audit_operation", "varchar"),
                   ColumnOf("audit_timestamp", ts),
                   ColumnOf("order_id", "integer"),
                   ColumnOf("created_at", ts),
                   ColumnOf("order_sum", "double", "sum"),
                   ColumnOf("description", "varchar")};
  return model;
}

/// A model of one payload column `v`.
inline contract::Model OneColumnModel(const std::string& type) {
  contract::Model model = OrdersModel();
  model.columns = {ColumnOf("v", type)};
  return model;
}

inline FlattenPlan Flattened(const std::vector<LandedRow>& rows,
                             const contract::Model& model,
                             const std::vector<std::string>& not_null = {}) {
  auto plan = Flatten(*LandedBatch(rows), model, not_null);
  EXPECT_TRUE(plan) << plan.error().message;
  if (!plan) {
    return {};
  }
  const arrow::Status valid = plan->rows->ValidateFull();
  EXPECT_TRUE(valid.ok()) << valid.ToString();
  return *std::move(plan);
}

/// Cells as `name=value`, joined by ` | `; columns after the first `skipped`.
inline std::string ShowRow(const arrow::RecordBatch& rows, int64_t row, int skipped = 0) {
  std::string out;
  for (int i = skipped; i < rows.num_columns(); ++i) {
    const auto cell = rows.column(i)->GetScalar(row).ValueOrDie();
    out += fmt::format("{}{}={}", i == skipped ? "" : " | ", rows.column_name(i),
                       cell->is_valid ? cell->ToString() : "null");
  }
  return out;
}

/// Each violation as `row rule column: reason`.
inline std::string Show(const std::vector<Violation>& violations) {
  std::string out;
  for (const Violation& violation : violations) {
    out += fmt::format("{} {} {}: {}\n", violation.row, violation.rule, violation.column,
                       violation.reason);
  }
  return out;
}

/// What a payload of `{"v": <json>}` gives for a column of `type`: the cell, or the rule
/// that it breaks.
inline std::string Cell(const std::string& type, const std::string& json) {
  const FlattenPlan plan =
      Flattened({{.raw = "{\"v\":" + json + "}"}}, OneColumnModel(type));
  if (!plan.violations.empty()) {
    return plan.violations.front().rule;
  }
  return ShowRow(*plan.rows, 0).substr(2);
}

}  // namespace calve::model
