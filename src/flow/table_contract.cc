#include "flow/table_contract.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/event.h"
#include "flow/model_table.h"
#include "model/flatten.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using contract::Column;
using contract::Model;
using contract::ModelKind;
using contract::SchemaEvolution;
using nlohmann::json;

const char* NameOf(SchemaEvolution evolution) {
  switch (evolution) {
    case SchemaEvolution::kPropagate:
      return "propagate";
    case SchemaEvolution::kContract:
      return "contract";
    case SchemaEvolution::kFail:
      return "fail";
  }
  return "propagate";
}

const char* NameOf(contract::EventOrder order) {
  return order == contract::EventOrder::kId ? "audit_event_id"
                                            : "audit_timestamp, audit_event_id";
}

/// What of a contract the stored rows depend on, each as a text.
struct Shape {
  /// In the words of schema.yml: from, source_table, key, order_by.
  std::map<std::string, std::string> settings;
  std::string schema_evolution;
  struct ColumnShape {
    std::string type;
    std::string field;  // of the payload
  };
  std::map<std::string, ColumnShape> columns;
};

Shape ShapeOf(const Model& model) {
  Shape shape;
  shape.settings["from"] = model.from;
  if (model.kind == ModelKind::kFlatten) {
    shape.settings["source_table"] = model.source_table;
  }
  if (!model.key.empty()) {
    shape.settings["key"] = fmt::format("{}", fmt::join(model.key, ", "));
    shape.settings["order_by"] = NameOf(model.order);
  }
  shape.schema_evolution = NameOf(model.schema_evolution);
  for (const Column& column : model.columns) {
    shape.columns[column.name] = {contract::ColumnTypeName(column.type),
                                  column.source_field};
  }
  return shape;
}

/// A shape of a text that anybody may have written; nullopt if it is none.
std::optional<Shape> ParseShape(const std::string& text) {
  const json object = json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("settings") ||
      !object.contains("columns")) {
    return std::nullopt;
  }
  const auto text_of = [](const json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  Shape shape;
  shape.schema_evolution = text_of(object.value("schema_evolution", json()));
  for (const auto& [name, value] : object["settings"].items()) {
    shape.settings[name] = text_of(value);
  }
  for (const auto& [name, column] : object["columns"].items()) {
    if (column.is_object()) {
      shape.columns[name] = {text_of(column.value("type", json())),
                             text_of(column.value("field", json()))};
    }
  }
  return shape;
}

class Adopter {
 public:
  Adopter(const Pipeline& pipeline, const Model& model, table::TableUpdate& update)
      : pipeline_(pipeline),
        upstream_(pipeline.project.Upstream(model)),
        model_(model),
        update_(update) {
    const auto& properties = update.metadata().properties;
    if (const auto it = properties.find(kContractProperty); it != properties.end()) {
      old_ = ParseShape(it->second);
    }
  }

  Status Run() {
    if (update_.metadata().current_snapshot() != nullptr && old_) {
      CALVE_TRY(CheckNotRolledBack());
      CALVE_TRY(CheckSettings());
      CALVE_TRY(CheckEvolution());
      CALVE_TRY(CheckRemovedColumns());
    }
    CALVE_ASSIGN(const table::Schema contracted, SchemaOf(*model::ModelSchema(model_)));
    for (const table::Field& want : contracted.fields) {
      CALVE_TRY(AdoptColumn(want, *model_.Find(want.name)));
    }
    const std::string text = ContractText(model_);
    const auto& properties = update_.metadata().properties;
    const auto it = properties.find(kContractProperty);
    if (it == properties.end() || it->second != text) {
      update_.SetProperty(kContractProperty, text);
    }
    return {};
  }

 private:
  Error Halt(int line, const std::string& what) const {
    const bool flatten = model_.kind == ModelKind::kFlatten;
    return {
        ErrorKind::kContractViolation,
        fmt::format("contract_changed: table {} {} ({}:{}); undo that, or rebuild the "
                    "rows with `calve transform --full-refresh -s {}{}`",
                    update_.base().name.text(), what, model_.file, line, model_.name,
                    flatten ? "+" : "")};
  }

  /// Rows from before a full refresh were made by a contract that nobody knows any more.
  Status CheckNotRolledBack() const {
    const table::TableMetadata& metadata = update_.metadata();
    const auto since = metadata.properties.find(kContractSinceProperty);
    if (since == metadata.properties.end()) {
      return {};
    }
    bool is_retained = false;
    for (const table::Snapshot& snapshot : metadata.snapshots) {
      is_retained |= std::to_string(snapshot.snapshot_id.value) == since->second;
    }
    const table::Snapshot* at = metadata.current_snapshot();
    while (at != nullptr && std::to_string(at->snapshot_id.value) != since->second) {
      at = at->parent_snapshot_id ? metadata.FindSnapshot(*at->parent_snapshot_id)
                                  : nullptr;
    }
    // Once expired it is older than all that is left.
    return at != nullptr || !is_retained
               ? Status{}
               : Halt(model_.line,
                      "was rolled back to rows from before its last full "
                      "refresh, which another contract may have made");
  }

  Status CheckSettings() const {
    for (const auto& [name, value] : ShapeOf(model_).settings) {
      const auto was = old_->settings.find(name);
      if (was != old_->settings.end() && was->second != value) {
        return Halt(model_.line,
                    fmt::format("was built with `{}: {}`, and its contract now says `{}`",
                                name, was->second, value));
      }
    }
    return {};
  }

  /// Rows hold all fields of the payload, or only the contract's: never some the one way
  /// and some the other.
  Status CheckEvolution() const {
    const bool was = old_->schema_evolution == NameOf(SchemaEvolution::kContract);
    const bool is = model_.schema_evolution == SchemaEvolution::kContract;
    if (was && !is) {
      return Halt(model_.line,
                  fmt::format("was built with `schema_evolution: contract`, and its "
                              "contract now says `{}`",
                              NameOf(model_.schema_evolution)));
    }
    const auto& fields = update_.metadata().schema().fields;
    const auto extra = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
      return model_.Find(field.name) == nullptr;
    });
    if (is && !was && extra != fields.end()) {
      return Halt(model_.line,
                  fmt::format("has the propagated column {}, and its contract now says "
                              "`schema_evolution: contract`",
                              extra->name));
    }
    return {};
  }

  /// A column that left the contract goes on only as what propagation would have made.
  Status CheckRemovedColumns() const {
    for (const auto& [name, column] : old_->columns) {
      if (model_.Find(name) != nullptr ||
          update_.metadata().schema().Find(name) == nullptr) {
        continue;
      }
      const bool same = model_.schema_evolution == SchemaEvolution::kPropagate &&
                        column.type == "varchar" && IsPropagated(name, column.field);
      if (!same) {
        return Halt(
            model_.line,
            fmt::format("has the column {}, which is not in its contract any more",
                        name));
      }
    }
    return {};
  }

  /// Whether `column` is where propagation puts the field.
  bool IsPropagated(const std::string& column, const std::string& field) const {
    if (model_.kind == ModelKind::kFlatten) {
      return model::ExtraColumnName(field) == column;
    }
    return upstream_ != nullptr && upstream_->Find(column) == nullptr;
  }

  Status AdoptColumn(const table::Field& want, const Column& column) {
    const table::Field* have = update_.metadata().schema().Find(want.name);
    if (have == nullptr) {
      return AddColumn(want, column);
    }
    const auto was =
        old_ ? old_->columns.find(want.name) : decltype(old_->columns.end()){};
    const bool contracted = old_ && was != old_->columns.end();
    const bool other_field =
        model_.kind == ModelKind::kFlatten && old_ &&
        (contracted ? was->second.field != column.source_field
                    : model::ExtraColumnName(column.source_field) != want.name);
    if (other_field && update_.metadata().current_snapshot() != nullptr) {
      return Halt(column.line, fmt::format("holds another field in its column {} than "
                                           "`{}`, which its contract now says",
                                           want.name, column.source_field));
    }
    const table::FieldId id = have->id;
    if (have->required && !want.required) {
      CALVE_TRY(update_.MakeOptional(id));
    }
    if (have->type == want.type) {
      return {};
    }
    if (!table::CanPromote(have->type, want.type)) {
      return Halt(column.line,
                  fmt::format("has its column {} as {}, and its contract now as {}",
                              want.name, table::PrimitiveTypeName(have->type),
                              table::PrimitiveTypeName(want.type)));
    }
    return update_.PromoteColumn(id, want.type);
  }

  Status AddColumn(table::Field field, const Column& column) {
    CALVE_ASSIGN(const bool may_have_values, MayHaveValues(column));
    if (may_have_values) {
      return Halt(column.line, fmt::format("lacks the column {}, and its rows may have "
                                           "values for it",
                                           column.name));
    }
    field.required = false;
    field.doc = column.description;
    return update_.AddColumns({field});
  }

  /// Whether stored rows might have a value for a contracted column that the table lacks.
  Result<bool> MayHaveValues(const Column& column) const {
    if (update_.metadata().current_snapshot() == nullptr) {
      return false;
    }
    if (upstream_ == nullptr || LandedEventSchema()->GetFieldIndex(column.name) >= 0) {
      return true;
    }
    return model_.kind == ModelKind::kFlatten ? MayHaveField(column)
                                              : UpstreamMayHaveValues(column);
  }

  /// A field has no value in any row if all fields propagated so far and it did not.
  bool MayHaveField(const Column& column) const {
    const bool left_out =
        old_ ? old_->schema_evolution == NameOf(SchemaEvolution::kContract)
             : model_.schema_evolution == SchemaEvolution::kContract;
    const table::Schema& schema = update_.metadata().schema();
    return left_out ||
           schema.Find(model::ExtraColumnName(column.source_field)) != nullptr ||
           schema.Find(model::SuffixedColumnName(column.source_field)) != nullptr ||
           std::any_of(old_columns().begin(), old_columns().end(), [&](const auto& was) {
             return was.second.field == column.source_field;
           });
  }

  /// By the statistics of the upstream's files: it has the column for other models, too.
  Result<bool> UpstreamMayHaveValues(const Column& column) const {
    CALVE_ASSIGN(const table::LoadedTable upstream,
                 table::LoadTable(*pipeline_.store, *pipeline_.catalog,
                                  {upstream_->layer, upstream_->name}));
    const table::Field* field = upstream.metadata.schema().Find(column.name);
    const table::Snapshot* snapshot = upstream.metadata.current_snapshot();
    if (field == nullptr || snapshot == nullptr) {
      return false;
    }
    CALVE_ASSIGN(const auto tasks, table::PlanScan(*pipeline_.store, upstream.metadata,
                                                   *snapshot, /*filters=*/{}));
    return std::any_of(tasks.begin(), tasks.end(), [&](const table::ScanTask& task) {
      return !IsAllNull(task.file, field->id);
    });
  }

  static bool IsAllNull(const table::DataFile& file, table::FieldId column) {
    const auto values = file.value_counts.find(column.value);
    const auto nulls = file.null_value_counts.find(column.value);
    if (values == file.value_counts.end()) {  // Not in the file, unless it says nothing.
      return !file.value_counts.empty();
    }
    return nulls != file.null_value_counts.end() && nulls->second == values->second;
  }

  const std::map<std::string, Shape::ColumnShape>& old_columns() const {
    static const std::map<std::string, Shape::ColumnShape> none;
    return old_ ? old_->columns : none;
  }

  const Pipeline& pipeline_;
  const Model* upstream_;  // Outlives this object, as do all others; null for dedupe.
  const Model& model_;
  table::TableUpdate& update_;
  std::optional<Shape> old_;  // nullopt: the table does not say
};

}  // namespace

std::string ContractText(const Model& model) {
  const Shape shape = ShapeOf(model);
  json columns = json::object();
  for (const auto& [name, column] : shape.columns) {
    columns[name] = {{"type", column.type}, {"field", column.field}};
  }
  return json{{"settings", shape.settings},
              {"schema_evolution", shape.schema_evolution},
              {"columns", std::move(columns)}}
      .dump();
}

void RestateContract(const Model& model, table::TableUpdate& update) {
  update.SetProperty(kContractProperty, ContractText(model));
  if (update.makes_snapshot()) {
    update.SetProperty(kContractSinceProperty,
                       std::to_string(update.new_snapshot_id().value));
  }
}

Status AdoptContract(const Pipeline& pipeline, const Model& model,
                     table::TableUpdate& update) {
  return Adopter(pipeline, model, update).Run();
}

}  // namespace calve::flow
