#include "flow/quarantine.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/model_table.h"
#include "flow/stored_events.h"
#include "model/dedupe.h"

namespace calve::flow {
namespace {

constexpr const char* kNamespace = "quarantine";

const std::shared_ptr<arrow::Schema>& QuarantineSchema() {
  static const std::shared_ptr<arrow::Schema> schema = [] {
    arrow::FieldVector fields{
        arrow::field("quarantined_at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                     /*nullable=*/false),
        arrow::field("model", arrow::utf8(), /*nullable=*/false),
        arrow::field("rule", arrow::utf8(), /*nullable=*/false),
        arrow::field("column_name", arrow::utf8()),
        arrow::field("reason", arrow::utf8())};
    for (const auto& field : LandedEventSchema()->fields()) {
      fields.push_back(field->WithNullable(true));
    }
    return arrow::schema(std::move(fields));
  }();
  return schema;
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
  arrow::TimestampBuilder at(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                             arrow::default_memory_pool());
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

}  // namespace

Result<table::LoadedTable> OpenQuarantine(const Pipeline& pipeline,
                                          const contract::Model& model) {
  CALVE_ASSIGN(table::Schema schema, SchemaOf(*QuarantineSchema()));
  return OpenTable(pipeline, {.name = {kNamespace, model.name},
                              .schema = std::move(schema),
                              .spec = {},
                              .sort_order = {},
                              .properties = {},
                              .location = std::nullopt});
}

Result<std::vector<model::Violation>> NewViolations(
    io::ObjectStore& store, const table::LoadedTable& quarantine,
    const arrow::RecordBatch& landed, const std::vector<model::Violation>& violations) {
  if (violations.empty() || quarantine.metadata.current_snapshot() == nullptr) {
    return violations;
  }
  CALVE_ASSIGN(const auto stored, FindStoredPrints(store, quarantine, landed));
  const auto prints = model::Fingerprints(landed);
  const auto& ids = static_cast<const arrow::Int64Array&>(*landed.column(kEventIdColumn));
  std::vector<model::Violation> fresh;
  for (const model::Violation& violation : violations) {
    const auto same = stored.find(ids.Value(violation.row));
    if (same == stored.end() ||
        !same->second.contains(prints[static_cast<size_t>(violation.row)])) {
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
  const auto rows = arrow::RecordBatch::Make(QuarantineSchema(), events->num_rows(),
                                             std::move(columns));
  CALVE_ASSIGN(auto files, WriteRows(pipeline, update, {rows}));
  CALVE_TRY(update.Append(files));
  return files;
}

}  // namespace calve::flow
