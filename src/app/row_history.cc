#include "app/row_history.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "app/arrow_cells.h"
#include "flow/retry.h"
#include "table/commit/table_update.h"
#include "table/scan/scan.h"

namespace calve::app {
namespace {

using contract::Model;
using contract::ModelKind;

const Model* FindModel(const contract::Project& project, const std::string& name) {
  for (const Model& model : project.models) {
    if (model.table() == name || model.name == name) {
      return &model;
    }
  }
  return nullptr;
}

/// The history model made from `upstream`; null if there is none.
const Model* HistoryOf(const contract::Project& project, const std::string& upstream) {
  for (const Model& model : project.models) {
    if (model.kind == ModelKind::kHistory && model.from == upstream) {
      return &model;
    }
  }
  return nullptr;
}

HistoryPlace PlaceOf(const Model& model, std::vector<std::string> key_columns) {
  return {.table = {model.layer, model.name},
          .key_columns = std::move(key_columns),
          .is_history = model.kind == ModelKind::kHistory};
}

/// The lookup of one key in one table.
class VersionScan {
 public:
  VersionScan(const flow::Pipeline& pipeline, const HistoryPlace& place,
              std::optional<TimestampUs> as_of)
      : pipeline_(pipeline), place_(place), as_of_(as_of) {}

  Result<Table> Read(const std::vector<std::string>& key) {
    CALVE_ASSIGN(const table::LoadedTable loaded,
                 table::LoadTable(*pipeline_.store, *pipeline_.catalog, place_.table));
    const table::TableMetadata& metadata = loaded.metadata;
    const bool travel = as_of_.has_value() && !place_.is_history;
    const table::Snapshot* snapshot =
        travel ? metadata.SnapshotAsOf(*as_of_) : metadata.current_snapshot();
    schema_ = snapshot != nullptr ? metadata.SchemaOf(*snapshot) : metadata.schema();
    CALVE_TRY(ResolveKey(key));
    Table versions;
    versions.row_name = "version";
    for (const table::Field& field : schema_.fields) {
      versions.columns.push_back({field.name});
    }
    if (snapshot != nullptr) {
      CALVE_TRY(Scan(metadata, *snapshot, versions));
    }
    Sort(versions);
    return versions;
  }

 private:
  Status ResolveKey(const std::vector<std::string>& key) {
    if (key.size() != place_.key_columns.size()) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("the key of {} is ({}): give {} value(s), divided by commas",
                      place_.table.text(), fmt::join(place_.key_columns, ", "),
                      place_.key_columns.size())};
    }
    for (size_t i = 0; i < key.size(); ++i) {
      const table::Field* field = schema_.Find(place_.key_columns[i]);
      if (field == nullptr) {
        return Error{ErrorKind::kNotFound,
                     fmt::format("{} has no column {}", place_.table.text(),
                                 place_.key_columns[i])};
      }
      auto literal = LiteralFromText(field->type, key[i]);
      if (!literal) {
        return Error{literal.error().kind,
                     fmt::format("the key's {}, of type {}, {}: {}", field->name,
                                 table::PrimitiveTypeName(field->type),
                                 literal.error().message, key[i])};
      }
      filters_.push_back({.column = field->id,
                          .lower = *literal,
                          .upper = *literal,
                          .values = {*literal}});
      wanted_.emplace_back(Position(field->name), CellOf(field->type, *literal));
    }
    return {};
  }

  size_t Position(const std::string& column) const {
    const auto found =
        std::find_if(schema_.fields.begin(), schema_.fields.end(),
                     [&](const table::Field& field) { return field.name == column; });
    return static_cast<size_t>(found - schema_.fields.begin());
  }

  Status Scan(const table::TableMetadata& metadata, const table::Snapshot& snapshot,
              Table& versions) const {
    CALVE_ASSIGN(std::vector<table::ScanTask> tasks,
                 table::PlanScan(*pipeline_.store, metadata, snapshot, filters_));
    table::ReadOptions options;
    options.projection = schema_;
    options.filters = filters_;
    const auto reader =
        table::ReadTasks(*pipeline_.store, std::move(tasks), std::move(options));
    while (true) {
      CALVE_ASSIGN(const std::shared_ptr<arrow::RecordBatch> batch, reader->Next());
      if (batch == nullptr) {
        return {};
      }
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (IsWanted(*batch, row)) {
          versions.Add(RowOf(*batch, row));
        }
      }
    }
  }

  bool IsWanted(const arrow::RecordBatch& batch, int64_t row) const {
    const bool key = std::all_of(wanted_.begin(), wanted_.end(), [&](const auto& part) {
      return CellAt(*batch.column(static_cast<int>(part.first)), row) == part.second;
    });
    if (!key || !place_.is_history || !as_of_) {
      return key;
    }
    // ISO texts in UTC of four-digit years order as the moments do.
    const std::string moment = FormatIsoTimestamp(*as_of_);
    const Cell from = CellNamed(batch, "valid_from", row);
    const Cell to = CellNamed(batch, "valid_to", row);
    const auto* from_text = std::get_if<std::string>(&from);
    const auto* to_text = std::get_if<std::string>(&to);
    return from_text != nullptr && *from_text <= moment &&
           (to_text == nullptr || moment < *to_text);
  }

  static Cell CellNamed(const arrow::RecordBatch& batch, const std::string& name,
                        int64_t row) {
    const auto column = batch.GetColumnByName(name);
    return column == nullptr ? Cell() : CellAt(*column, row);
  }

  static std::vector<Cell> RowOf(const arrow::RecordBatch& batch, int64_t row) {
    std::vector<Cell> cells;
    for (int column = 0; column < batch.num_columns(); ++column) {
      cells.push_back(CellAt(*batch.column(column), row));
    }
    return cells;
  }

  void Sort(Table& versions) const {
    const size_t time = Position(place_.is_history ? "valid_from" : "audit_timestamp");
    const size_t id = Position("audit_event_id");
    if (time >= schema_.fields.size() || id >= schema_.fields.size()) {
      return;
    }
    std::sort(versions.rows.begin(), versions.rows.end(),
              [&](const std::vector<Cell>& a, const std::vector<Cell>& b) {
                return std::tie(a[time], a[id]) < std::tie(b[time], b[id]);
              });
  }

  const flow::Pipeline& pipeline_;  // Both outlive this.
  const HistoryPlace& place_;
  std::optional<TimestampUs> as_of_;
  table::Schema schema_;
  std::vector<table::ColumnFilter> filters_;
  std::vector<std::pair<size_t, Cell>> wanted_;  // position of a key column, its value
};

}  // namespace

Result<HistoryPlace> FindHistory(const contract::Project& project,
                                 const std::string& name,
                                 const std::vector<std::string>& key_columns) {
  const Model* model = FindModel(project, name);
  if (!key_columns.empty()) {
    CALVE_ASSIGN(const table::TableName table,
                 table::ParseTableName(model != nullptr ? model->table() : name));
    return HistoryPlace{
        .table = table,
        .key_columns = key_columns,
        .is_history = model != nullptr && model->kind == ModelKind::kHistory};
  }
  if (model == nullptr) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("{} is no model of the dbt project, so its key is not known; "
                    "give --key-column",
                    name)};
  }
  if (model->kind == ModelKind::kDedupe) {
    return PlaceOf(*model, {"audit_event_id"});
  }
  const bool flattened = model->kind == ModelKind::kFlatten;
  const Model* history = model->kind == ModelKind::kHistory
                             ? model
                             : HistoryOf(project, flattened ? model->name : model->from);
  if (history != nullptr) {
    return PlaceOf(*history, history->key);
  }
  if (flattened) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("no history model is made from {}; give --key-column", name)};
  }
  return PlaceOf(*model, model->key);
}

Result<Table> ReadVersions(const flow::Pipeline& pipeline, const HistoryPlace& place,
                           const std::vector<std::string>& key,
                           std::optional<TimestampUs> as_of) {
  return flow::RetryOnConflict(
      flow::kReadAttempts, [&] { return VersionScan(pipeline, place, as_of).Read(key); });
}

}  // namespace calve::app
