#include "flow/doubtful_keys.h"

#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/model_table.h"
#include "flow/quarantined_rows.h"
#include "model/flatten.h"

namespace calve::flow {
namespace {

using contract::Model;

/// The flatten model with nothing but the key's columns, so that a payload which breaks
/// another rule still gives its key.
Model KeyModel(const Model& flatten, const std::vector<std::string>& key) {
  Model model = flatten;
  model.columns.clear();
  model.schema_evolution = contract::SchemaEvolution::kContract;
  for (const std::string& name : key) {
    if (const contract::Column* column = flatten.Find(name)) {
      model.columns.push_back(*column);
      model.columns.back().accepted_values.clear();
    }
  }
  return model;
}

Result<std::string> DoubtfulKeyText(const arrow::RecordBatch& keys, int64_t row) {
  std::string text;
  for (int i = 0; i < keys.num_columns(); ++i) {
    CALVE_ASSIGN(const auto value, FromArrow(keys.column(i)->GetScalar(row)));
    text += (i == 0 ? "" : ",") + value->ToString();
  }
  return text;
}

/// Adds the keys of the open rows in the quarantine of one model.
Status AddKeys(const Pipeline& pipeline, const std::string& quarantined,
               const Model& key_model, const std::vector<std::string>& key,
               std::set<std::string>& keys) {
  const QuarantineFilter filter{.models = {quarantined}, .state = QuarantineState::kOpen};
  const auto visit = [&](const QuarantinedRows& found) -> Result<bool> {
    CALVE_ASSIGN(const model::FlattenPlan plan,
                 model::Flatten(*found.rows, key_model, key));
    for (int64_t i = 0; i < plan.rows->num_rows(); ++i) {
      CALVE_ASSIGN(std::string text, DoubtfulKeyText(*plan.rows, i));
      keys.insert(std::move(text));
    }
    return true;
  };
  CALVE_ASSIGN(const auto tables, QuarantineTables(pipeline, filter));
  for (const table::LoadedTable& table : tables) {
    CALVE_TRY(VisitRowsOf(*pipeline.store, table, filter,
                          LandedEventSchema()->field_names(), visit));
  }
  return {};
}

}  // namespace

Result<std::vector<DoubtfulKeys>> FindDoubtfulKeys(const Pipeline& pipeline,
                                                   int64_t limit) {
  std::vector<DoubtfulKeys> doubtful;
  for (const Model& mart : pipeline.project.models) {
    const Model* flatten = pipeline.project.Upstream(mart);
    if (mart.key.empty() || flatten == nullptr ||
        flatten->kind != contract::ModelKind::kFlatten) {
      continue;
    }
    const Model key_model = KeyModel(*flatten, mart.key);
    std::set<std::string> keys;
    for (const std::string& model : {flatten->name, flatten->from}) {
      CALVE_TRY(AddKeys(pipeline, model, key_model, mart.key, keys));
    }
    if (keys.empty()) {
      continue;
    }
    DoubtfulKeys& found = doubtful.emplace_back();
    found.table = mart.table();
    found.count = static_cast<int64_t>(keys.size());
    for (const std::string& key : keys) {
      if (static_cast<int64_t>(found.keys.size()) == limit) {
        break;
      }
      found.keys.push_back(key);
    }
  }
  return doubtful;
}

}  // namespace calve::flow
