#include "flow/new_columns.h"

#include <algorithm>
#include <string>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "model/flatten.h"

namespace calve::flow {
namespace {

using contract::Model;
using contract::ModelKind;
using contract::SchemaEvolution;

class ColumnAdoption {
 public:
  explicit ColumnAdoption(const StepContext& context)
      : context_(context),
        upstream_(context.model.kind == ModelKind::kFlatten
                      ? nullptr
                      : context.pipeline.project.Upstream(context.model)) {}

  Status Run(const arrow::RecordBatch& rows) {
    if (context_.model.schema_evolution == SchemaEvolution::kContract) {
      return {};
    }
    for (const std::string& name : rows.schema()->field_names()) {
      const bool contracted = context_.model.Find(name) != nullptr ||
                              (upstream_ != nullptr && upstream_->Find(name) != nullptr);
      if (!contracted) {
        CALVE_TRY(Adopt(name));
      }
    }
    return AddFields();
  }

 private:
  Status Adopt(const std::string& name) {
    const Model& model = context_.model;
    if (model.schema_evolution == SchemaEvolution::kFail) {
      return Error{
          ErrorKind::kContractViolation,
          fmt::format(
              "new_field: model {} has `schema_evolution: fail`, and its upstream "
              "has the column {}, which its contract does not name; add it to {}, "
              "or let it propagate",
              model.name, name, model.file)};
    }
    const table::Field* have = context_.update.metadata().schema().Find(name);
    if (have == nullptr) {
      missing_.push_back({.id = {},
                          .name = name,
                          .type = {},  // string
                          .required = false,
                          .doc = "Not in the contract yet: a new field of the payload."});
      return {};
    }
    if (have->type.id == table::TypeId::kString) {
      return {};
    }
    return Error{
        ErrorKind::kContractViolation,
        fmt::format(
            "contract_changed: table {} has its column {} as {}, which the contract "
            "({}:{}) does not name any more; name it there, or rebuild the rows "
            "with `calve transform --full-refresh -s {}`",
            context_.update.base().name.text(), name,
            table::PrimitiveTypeName(have->type), model.file, model.line, model.name)};
  }

  Status AddFields() {
    if (missing_.empty()) {
      return {};
    }
    const auto& fields = context_.update.metadata().schema().fields;
    const auto extra =
        std::count_if(fields.begin(), fields.end(), [this](const table::Field& field) {
          return context_.model.Find(field.name) == nullptr;
        });
    const size_t wanted = static_cast<size_t>(extra) + missing_.size();
    if (wanted > model::kMaxExtraColumns) {
      const Model& model = context_.model;
      return Error{
          ErrorKind::kContractViolation,
          fmt::format("too_many_columns: table {} would have {} propagated columns, and "
                      "may have {}: its payload's field names look like data; set "
                      "`schema_evolution: contract` in {}:{} and rebuild it with `calve "
                      "transform --full-refresh -s {}` (nothing is lost: raw_data keeps "
                      "every field)",
                      context_.update.base().name.text(), wanted, model::kMaxExtraColumns,
                      model.file, model.line, model.name)};
    }
    return context_.update.AddColumns(missing_);
  }

  const StepContext& context_;  // Outlives this object.
  const Model* upstream_;       // null: new columns come from the payload
  std::vector<table::Field> missing_;
};

}  // namespace

Status AdoptNewColumns(const StepContext& context, const arrow::RecordBatch& rows) {
  return ColumnAdoption(context).Run(rows);
}

}  // namespace calve::flow
