#include "flow/quarantine.h"

#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/model_table.h"
#include "flow/stored_events.h"
#include "model/dedupe.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

/// What is quarantined, by event id; nullopt: events without one.
using SeenPrints = std::map<std::optional<int64_t>, std::set<model::Fingerprint>>;

std::shared_ptr<arrow::DataType> MomentType() {
  return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
}

std::vector<int64_t> RowsOf(const std::vector<model::Violation>& violations) {
  std::vector<int64_t> rows;
  rows.reserve(violations.size());
  for (const model::Violation& violation : violations) {
    rows.push_back(violation.row);
  }
  return rows;
}

/// The five columns that say why.
Result<arrow::ArrayVector> WhyColumns(const contract::Model& model, TimestampUs now,
                                      const std::vector<model::Violation>& violations) {
  arrow::TimestampBuilder at(MomentType(), arrow::default_memory_pool());
  arrow::StringBuilder name;
  arrow::StringBuilder rule;
  arrow::StringBuilder column;
  arrow::StringBuilder reason;
  for (const model::Violation& violation : violations) {
    CALVE_TRY(FromArrow(at.Append(now.value)));
    CALVE_TRY(FromArrow(name.Append(model.name)));
    CALVE_TRY(FromArrow(rule.Append(violation.rule)));
    CALVE_TRY(FromArrow(violation.column.empty() ? column.AppendNull()
                                                 : column.Append(violation.column)));
    CALVE_TRY(FromArrow(reason.Append(violation.reason)));
  }
  arrow::ArrayVector columns(5);
  size_t i = 0;
  for (arrow::ArrayBuilder* builder :
       std::initializer_list<arrow::ArrayBuilder*>{&at, &name, &rule, &column, &reason}) {
    CALVE_TRY(FromArrow(builder->Finish(&columns[i++])));
  }
  return columns;
}

/// What the batch's events without an id say, and the table's: ids don't tell them apart.
Status AddPrintsWithoutId(io::ObjectStore& store, const table::LoadedTable& quarantine,
                          SeenPrints& seen) {
  CALVE_ASSIGN(table::Schema projection, EventColumns(quarantine));
  CALVE_ASSIGN(const auto tasks,
               table::PlanScan(store, quarantine.metadata,
                               *quarantine.metadata.current_snapshot(), {}));
  const auto reader = table::ReadTasks(store, tasks,
                                       {.projection = std::move(projection),
                                        .filters = {},
                                        .with_position = false,
                                        .positions = std::nullopt});
  while (true) {
    CALVE_ASSIGN(const auto rows, reader->Next());
    if (rows == nullptr) {
      return {};
    }
    const auto& ids = *rows->column(kEventIdColumn);
    if (ids.null_count() == 0) {
      continue;
    }
    const auto prints = model::Fingerprints(*rows);
    for (int64_t i = 0; i < rows->num_rows(); ++i) {
      if (ids.IsNull(i)) {
        seen[std::nullopt].insert(prints[static_cast<size_t>(i)]);
      }
    }
  }
}

}  // namespace

const std::shared_ptr<arrow::Schema>& QuarantineSchema() {
  static const std::shared_ptr<arrow::Schema> schema = [] {
    arrow::FieldVector fields{
        arrow::field(kQuarantinedAt, MomentType(), /*nullable=*/false),
        arrow::field("model", arrow::utf8(), /*nullable=*/false),
        arrow::field(kRule, arrow::utf8(), /*nullable=*/false),
        arrow::field(kColumnName, arrow::utf8()), arrow::field(kReason, arrow::utf8())};
    for (const auto& field : LandedEventSchema()->fields()) {
      fields.push_back(field->WithNullable(true));
    }
    fields.push_back(arrow::field(kDiscardedAt, MomentType()));
    fields.push_back(arrow::field(kDiscardNote, arrow::utf8()));
    return arrow::schema(std::move(fields));
  }();
  return schema;
}

Status AddLaterColumns(table::TableUpdate& update) {
  CALVE_ASSIGN(const table::Schema wanted, SchemaOf(*QuarantineSchema()));
  std::vector<table::Field> missing;
  for (const table::Field& field : wanted.fields) {
    if (update.metadata().schema().Find(field.name) == nullptr) {
      missing.push_back(field);
    }
  }
  return update.AddColumns(missing);
}

Result<table::LoadedTable> OpenQuarantine(const Pipeline& pipeline,
                                          const contract::Model& model) {
  CALVE_ASSIGN(table::Schema schema, SchemaOf(*QuarantineSchema()));
  return OpenTable(pipeline, {.name = {kQuarantineNamespace, model.name},
                              .schema = std::move(schema),
                              .spec = {},
                              .sort_order = {},
                              .properties = {},
                              .location = std::nullopt});
}

Result<std::vector<model::Violation>> NewViolations(
    io::ObjectStore& store, const table::LoadedTable& quarantine,
    const arrow::RecordBatch& landed, const std::vector<model::Violation>& violations) {
  if (violations.empty()) {
    return violations;
  }
  const auto& ids = static_cast<const arrow::Int64Array&>(*landed.column(kEventIdColumn));
  SeenPrints seen;
  if (quarantine.metadata.current_snapshot() != nullptr) {
    CALVE_ASSIGN(auto stored, FindStoredPrints(store, quarantine, landed));
    seen.insert(std::make_move_iterator(stored.begin()),
                std::make_move_iterator(stored.end()));
    if (ids.null_count() > 0) {
      CALVE_TRY(AddPrintsWithoutId(store, quarantine, seen));
    }
  }
  const auto prints = model::Fingerprints(landed);
  std::vector<model::Violation> fresh;
  for (const model::Violation& violation : violations) {
    const auto id = ids.IsNull(violation.row) ? std::nullopt
                                              : std::optional(ids.Value(violation.row));
    if (seen[id].insert(prints[static_cast<size_t>(violation.row)]).second) {
      fresh.push_back(violation);
    }
  }
  return fresh;
}

Result<std::vector<table::DataFile>> WriteQuarantine(
    const Pipeline& pipeline, const contract::Model& model, table::TableUpdate& update,
    const std::shared_ptr<arrow::RecordBatch>& landed,
    const std::vector<model::Violation>& violations) {
  CALVE_ASSIGN(const auto events, TakeRows(landed, RowsOf(violations)));
  CALVE_ASSIGN(arrow::ArrayVector columns,
               WhyColumns(model, pipeline.clock->Now(), violations));
  for (const auto& field : LandedEventSchema()->fields()) {
    CALVE_ASSIGN(auto column, ColumnOf(*events, field->name()));
    columns.push_back(std::move(column));
  }
  for (const char* name : {kDiscardedAt, kDiscardNote}) {
    CALVE_ASSIGN(
        columns.emplace_back(),
        FromArrow(arrow::MakeArrayOfNull(QuarantineSchema()->GetFieldByName(name)->type(),
                                         events->num_rows())));
  }
  const auto rows = arrow::RecordBatch::Make(QuarantineSchema(), events->num_rows(),
                                             std::move(columns));
  CALVE_ASSIGN(auto files, WriteRows(pipeline, update, {rows}));
  CALVE_TRY(update.Append(files));
  return files;
}

}  // namespace calve::flow
