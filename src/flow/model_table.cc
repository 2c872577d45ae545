#include "flow/model_table.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/table_contract.h"
#include "model/flatten.h"

namespace calve::flow {
namespace {

constexpr const char* kIngestedAt = "ingested_at";

/// Tables that only grow are partitioned by the day of ingestion; marts, which change by
/// key, are not.
bool OnlyGrows(const contract::Model& model) {
  return model.kind == contract::ModelKind::kDedupe ||
         model.kind == contract::ModelKind::kFlatten;
}

/// The batch without columns that the table does not have.
Result<std::shared_ptr<arrow::RecordBatch>> OnlyColumnsOf(
    const table::Schema& schema, const std::shared_ptr<arrow::RecordBatch>& batch) {
  std::vector<int> kept;
  for (int i = 0; i < batch->num_columns(); ++i) {
    if (schema.Find(batch->column_name(i)) != nullptr) {
      kept.push_back(i);
    }
  }
  return static_cast<int>(kept.size()) == batch->num_columns()
             ? batch
             : FromArrow(batch->SelectColumns(kept));
}

}  // namespace

table::TableName TableNameOf(const contract::Model& model) {
  return {model.layer, model.name};
}

Result<table::TableDefinition> DefinitionOf(const contract::Model& model) {
  CALVE_ASSIGN(table::Schema schema, SchemaOf(*model::ModelSchema(model)));
  for (table::Field& field : schema.fields) {
    field.doc = model.Find(field.name)->description;
  }
  table::TableDefinition definition{
      .name = TableNameOf(model),
      .schema = std::move(schema),
      .spec = {},
      .sort_order = {},
      .properties = {{"comment", model.description},
                     {kContractProperty, ContractText(model)}},
      .location = std::nullopt,
      .format_version = model.format_version};
  if (OnlyGrows(model) && definition.schema.Find(kIngestedAt) != nullptr) {
    definition.spec = PartitionByDay(definition.schema, kIngestedAt);
  }
  return definition;
}

bool Exists(const table::LoadedTable& table) {
  return !table.metadata_location.empty();
}

Result<table::Schema> SchemaOf(const arrow::Schema& arrow_schema) {
  table::Schema schema;
  int32_t id = 0;
  for (const auto& field : arrow_schema.fields()) {
    CALVE_ASSIGN(table::Type type, table::FromArrow(*field->type()));
    schema.fields.push_back({.id = {++id},
                             .name = field->name(),
                             .type = std::move(type),
                             .required = !field->nullable(),
                             .doc = ""});
  }
  return schema;
}

table::PartitionSpec PartitionByDay(const table::Schema& schema,
                                    const std::string& column) {
  return {.spec_id = 0,
          .fields = {{.source_id = schema.Find(column)->id,
                      .field_id = {1000},
                      .name = column + "_day",
                      .transform = {table::TransformKind::kDay, /*parameter=*/0}}}};
}

Result<std::optional<table::LoadedTable>> TryLoadTable(const Pipeline& pipeline,
                                                       const table::TableName& name) {
  auto loaded = table::LoadTable(*pipeline.store, *pipeline.catalog, name);
  if (!loaded && loaded.error().kind == ErrorKind::kNotFound) {
    return std::optional<table::LoadedTable>();
  }
  if (!loaded) {
    return loaded.error();
  }
  return std::optional(*std::move(loaded));
}

Result<table::LoadedTable> OpenTable(const Pipeline& pipeline,
                                     const table::TableDefinition& definition) {
  auto loaded = table::LoadTable(*pipeline.store, *pipeline.catalog, definition.name);
  if (loaded || loaded.error().kind != ErrorKind::kNotFound) {
    return loaded;
  }
  return table::DefineTable(pipeline.commit_context(), definition);
}

Result<table::LoadedTable> OpenModelTable(const Pipeline& pipeline,
                                          const contract::Model& model) {
  CALVE_ASSIGN(const table::TableDefinition definition, DefinitionOf(model));
  CALVE_ASSIGN(table::LoadedTable table, OpenTable(pipeline, definition));
  if (!Exists(table)) {
    return table;
  }
  table::TableUpdate update(table, table::NewSnapshotId(*pipeline.uuids));
  CALVE_TRY(AdoptContract(pipeline, model, update));
  if (update.empty()) {
    return table;
  }
  std::vector<table::TableUpdate> updates;
  updates.push_back(std::move(update));
  CALVE_ASSIGN(auto committed,
               table::CommitUpdates(pipeline.commit_context(), std::move(updates)));
  return std::move(committed.front());
}

Result<table::LoadedTable> OpenAnyModelTable(const Pipeline& pipeline,
                                             const contract::Model& model) {
  CALVE_ASSIGN(const table::TableDefinition definition, DefinitionOf(model));
  return OpenTable(pipeline, definition);
}

Result<table::LoadedTable> OpenLandingTable(const Pipeline& pipeline) {
  CALVE_ASSIGN(table::Schema schema, SchemaOf(*LandedEventSchema()));
  for (table::Field& field : schema.fields) {
    field.required =
        false;  // Other writers may append; staging's contract judges the rows.
  }
  table::TableDefinition definition{.name = pipeline.landing_table,
                                    .schema = std::move(schema),
                                    .spec = {},
                                    .sort_order = {},
                                    .properties = {},
                                    .location = std::nullopt};
  definition.spec = PartitionByDay(definition.schema, kIngestedAt);
  return OpenTable(pipeline, definition);
}

Result<table::LoadedTable> OpenUpstream(const Pipeline& pipeline,
                                        const contract::Model& model) {
  const contract::Model* from = pipeline.project.Find(model.from);
  return from != nullptr ? OpenModelTable(pipeline, *from) : OpenLandingTable(pipeline);
}

Result<std::shared_ptr<arrow::Array>> ColumnOf(const arrow::RecordBatch& batch,
                                               const std::string& name) {
  auto column = batch.GetColumnByName(name);
  if (column == nullptr) {
    return Error{ErrorKind::kInternal, "a batch lacks column " + name};
  }
  return column;
}

Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::vector<int64_t>& rows) {
  const auto count = static_cast<int64_t>(rows.size());
  if (count == batch->num_rows()) {  // Ascending without repeats, so these are all.
    return batch;
  }
  const auto indices = std::make_shared<arrow::Int64Array>(
      count, arrow::Buffer::Wrap(rows), /*null_bitmap=*/nullptr, /*null_count=*/0);
  CALVE_ASSIGN(
      const arrow::Datum taken,
      FromArrow(arrow::compute::Take(batch, arrow::Datum(indices),
                                     arrow::compute::TakeOptions::NoBoundsCheck())));
  return taken.record_batch();
}

table::WriteTarget WriteTargetOf(const Pipeline& pipeline,
                                 const table::TableUpdate& update) {
  const table::TableMetadata& metadata = update.metadata();
  return {.store = pipeline.store.get(),
          .uuids = pipeline.uuids.get(),
          .location = metadata.location,
          .schema = metadata.schema(),
          .spec = metadata.partition_spec()};
}

table::WriteOptions WriteOptionsFor(const table::Schema& schema) {
  table::WriteOptions options;
  // Whether a landing file is in the table is decided by these bounds.
  options.full_bounds_columns = {"source_file"};
  if (schema.Find("raw_data") != nullptr) {
    options.plain_columns = {"raw_data"};
  }
  return options;
}

Result<std::unique_ptr<table::DataWriter>> MakeWriter(const Pipeline& pipeline,
                                                      const table::TableUpdate& update) {
  table::WriteTarget target = WriteTargetOf(pipeline, update);
  const table::WriteOptions options = WriteOptionsFor(target.schema);
  return table::DataWriter::Make(std::move(target), options);
}

Result<std::vector<table::DataFile>> WriteRows(
    const Pipeline& pipeline, const table::TableUpdate& update,
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  CALVE_ASSIGN(const auto writer, MakeWriter(pipeline, update));
  for (const auto& batch : batches) {
    if (batch->num_rows() > 0) {
      CALVE_ASSIGN(const auto rows, OnlyColumnsOf(update.metadata().schema(), batch));
      CALVE_TRY(writer->Write(*rows));
    }
  }
  return writer->Finish();
}

}  // namespace calve::flow
