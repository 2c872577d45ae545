#include "flow/contract_diff.h"

#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "flow/value_scan.h"
#include "model/flatten.h"
#include "table/commit/table_update.h"

namespace calve::flow {
namespace {

using contract::Model;

/// The table's schema; an empty one where there is no table yet.
Result<table::Schema> SchemaOfTable(const Pipeline& pipeline, const Model& model) {
  const auto loaded =
      table::LoadTable(*pipeline.store, *pipeline.catalog, {model.layer, model.name});
  if (loaded) {
    return loaded->metadata.schema();
  }
  return loaded.error().kind == ErrorKind::kNotFound
             ? Result<table::Schema>(table::Schema())
             : loaded.error();
}

/// Takes all payloads that are staged for the model.
Status TakePayloads(const Pipeline& pipeline, const Model& staged, Progress& progress,
                    model::FieldCensus& census) {
  const auto table =
      table::LoadTable(*pipeline.store, *pipeline.catalog, {staged.layer, staged.name});
  if (!table) {
    return table.error().kind == ErrorKind::kNotFound ? Status{} : table.error();
  }
  progress.Begin("contract diff " + staged.table(), /*total=*/0, "rows");
  CALVE_TRY(ScanColumns(*pipeline.store, *table, {"tbl_schema", "tbl_name", "raw_data"},
                        [&](const arrow::RecordBatch& batch) -> Status {
                          progress.Advance(batch.num_rows());
                          return census.Add(batch);
                        }));
  progress.End(fmt::format("{} fields are in no contract", census.Fields().size()));
  return {};
}

/// Where flatten puts a field that the contract does not name.
std::string ColumnFor(const Model& model, const std::string& field) {
  std::string name = model::ExtraColumnName(field);
  return model.Find(name) == nullptr ? name : model::SuffixedColumnName(field);
}

}  // namespace

Result<ContractDiff> CompareWithContract(
    const Pipeline& pipeline, const std::string& select,
    const std::optional<contract::ColumnType>& candidate, Progress& progress) {
  CALVE_ASSIGN(const auto selected, contract::Select(pipeline.project, select));
  ContractDiff diff;
  for (const Model* model : selected) {
    if (model->kind != contract::ModelKind::kFlatten) {
      continue;
    }
    model::FieldCensus census(*model, candidate);
    CALVE_TRY(
        TakePayloads(pipeline, *pipeline.project.Upstream(*model), progress, census));
    CALVE_ASSIGN(const table::Schema schema, SchemaOfTable(pipeline, *model));
    for (auto& [field, values] : census.Fields()) {
      NewField& found = diff.fields.emplace_back();
      found.model = model->name;
      found.field = field;
      found.column = ColumnFor(*model, field);
      found.in_table = schema.Find(found.column) != nullptr;
      found.values = values;
    }
    diff.overflow += census.overflow();
  }
  return diff;
}

}  // namespace calve::flow
