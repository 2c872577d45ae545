#pragma once

/// \file tests/flow/flow_fixture.h
/// A pipeline over a local warehouse and the example's contracts, with events put
/// straight into its landing table.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "core/event.h"
#include "flow/model_table.h"
#include "flow/pipeline.h"
#include "flow/transform.h"
#include "io/local_store.h"
#include "io/system.h"
#include "support/temp_folder.h"
#include "table/catalog/sqlite_catalog.h"
#include "table/commit/table_update.h"
#include "table/scan/scan.h"

namespace calve::flow {

/// The flatten model of the fixture's project.
inline const std::string kFlattened = "stg_ecomm_audit_log_dml_orders_flattened";

/// An event of `public.orders` in a test.
struct OrderEvent {
  int64_t id = 0;
  char operation = 'I';
  int64_t time_us = 0;
  int32_t order_id = 0;
  std::string description;
  std::string more = {};  // members of the payload: `"colour": "red", "size": 7`

  std::string Payload() const {
    return "{\"order_id\": " + std::to_string(order_id) + ", \"sum\": \"1.5\", " +
           "\"description\": \"" + description + "\"" + (more.empty() ? "" : ", ") +
           more + "}";
  }
};

template <typename T>
T Must(Result<T> result) {
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  if (!result) {
    std::abort();
  }
  return *std::move(result);
}

/// Commits a property of a table.
inline void SetPropertyOf(const Pipeline& pipeline, const table::TableName& name,
                          const std::string& key, const std::string& value) {
  table::TableUpdate update(
      Must(table::LoadTable(*pipeline.store, *pipeline.catalog, name)),
      table::NewSnapshotId(*pipeline.uuids));
  update.SetProperty(key, value);
  std::vector<table::TableUpdate> updates;
  updates.push_back(std::move(update));
  Must(table::CommitUpdates(pipeline.commit_context(), std::move(updates)));
}

inline contract::Project ExampleProject() {
  const std::filesystem::path root =
      std::filesystem::path(CALVE_SOURCE_DIR) / "examples/ecommerce/dbt_dwh";
  std::vector<contract::ProjectFile> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".yml") {
      std::stringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      files.push_back(
          {std::filesystem::relative(entry.path(), root).string(), text.str()});
    }
  }
  return Must(contract::ParseProject(files));
}

class FlowFixture {
 public:
  FlowFixture() {
    pipeline_.name = "ecommerce";
    pipeline_.landing = {"file://" + folder_.path() + "/lake", "raw"};
    pipeline_.landing_table = {"landing", "ecomm_audit_log_dml"};
    pipeline_.project = ExampleProject();
    pipeline_.store = std::make_unique<io::LocalStore>();
    pipeline_.catalog = Must(table::OpenSqliteCatalog(
        {.path = folder_.path() + "/catalog.db",
         .name = "lake",
         .warehouse = "file://" + folder_.path() + "/warehouse"}));
    pipeline_.clock = std::make_unique<io::SystemClock>();
    pipeline_.uuids = std::make_unique<io::SystemUuids>();
  }

  Pipeline& pipeline() { return pipeline_; }

  /// Commits events to the landing table, as one landing file would be.
  void Land(const std::vector<OrderEvent>& events) {
    const table::LoadedTable landing = Must(OpenLandingTable(pipeline_));
    table::TableUpdate update(landing, table::NewSnapshotId(*pipeline_.uuids));
    const auto files = Must(WriteRows(pipeline_, update, {LandedBatch(events)}));
    ASSERT_TRUE(update.Append(files));
    std::vector<table::TableUpdate> updates;
    updates.push_back(std::move(update));
    Must(table::CommitUpdates(pipeline_.commit_context(), std::move(updates)));
  }

  TransformReport Run(const TransformRequest& request = {}) {
    NoProgress progress;
    return Must(Transform(pipeline_, request, progress));
  }

  /// The error of a transform that must fail; "none" if it does not.
  std::string RunError(const TransformRequest& request = {}) {
    NoProgress progress;
    const auto report = Transform(pipeline_, request, progress);
    return report ? "none" : report.error().message;
  }

  /// The table's columns, each as `name type`, ascending.
  std::vector<std::string> Columns(const std::string& name) {
    std::vector<std::string> columns;
    const table::LoadedTable table = Load(name);
    for (const table::Field& field : table.metadata.schema().fields) {
      columns.push_back(field.name + " " + table::PrimitiveTypeName(field.type));
    }
    std::sort(columns.begin(), columns.end());
    return columns;
  }

  /// The model of the pipeline's project, to be changed.
  contract::Model& ModelOf(const std::string& name) {
    return const_cast<contract::Model&>(*pipeline_.project.Find(name));
  }

  table::LoadedTable Load(const std::string& name) {
    return Must(table::LoadTable(*pipeline_.store, *pipeline_.catalog,
                                 Must(table::ParseTableName(name))));
  }

  /// A table's live rows, each as its columns' texts joined by '|', ascending.
  std::vector<std::string> Rows(const std::string& name,
                                const std::vector<std::string>& columns) {
    const table::LoadedTable loaded = Load(name);
    table::ReadOptions options;
    for (const std::string& column : columns) {
      options.projection.fields.push_back(*loaded.metadata.schema().Find(column));
    }
    const auto tasks = Must(table::PlanScan(*pipeline_.store, loaded.metadata,
                                            *loaded.metadata.current_snapshot(), {}));
    const auto reader = table::ReadTasks(*pipeline_.store, tasks, options);
    std::vector<std::string> rows;
    while (const auto batch = Must(reader->Next())) {
      for (int64_t i = 0; i < batch->num_rows(); ++i) {
        std::string row;
        for (const auto& column : batch->columns()) {
          row += (row.empty() ? "" : "|") + column->GetScalar(i).ValueOrDie()->ToString();
        }
        rows.push_back(std::move(row));
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

 private:
  static std::shared_ptr<arrow::RecordBatch> LandedBatch(
      const std::vector<OrderEvent>& events) {
    const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    arrow::TimestampBuilder ingested(type, arrow::default_memory_pool());
    arrow::TimestampBuilder time(type, arrow::default_memory_pool());
    arrow::StringBuilder file;
    arrow::StringBuilder operation;
    arrow::StringBuilder schema;
    arrow::StringBuilder name;
    arrow::StringBuilder payload;
    arrow::Int64Builder id;
    for (const OrderEvent& event : events) {
      EXPECT_TRUE(ingested.Append(1'700'000'000'000'000).ok());
      EXPECT_TRUE(file.Append("raw/a.csv").ok());
      EXPECT_TRUE(id.Append(event.id).ok());
      EXPECT_TRUE(operation.Append(std::string(1, event.operation)).ok());
      EXPECT_TRUE(time.Append(event.time_us).ok());
      EXPECT_TRUE(schema.Append("public").ok());
      EXPECT_TRUE(name.Append("orders").ok());
      EXPECT_TRUE(payload.Append(event.Payload()).ok());
    }
    arrow::ArrayVector columns;
    for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
             &ingested, &file, &id, &operation, &time, &schema, &name, &payload}) {
      columns.push_back(builder->Finish().ValueOrDie());
    }
    return arrow::RecordBatch::Make(LandedEventSchema(),
                                    static_cast<int64_t>(events.size()), columns);
  }

  testing::TempFolder folder_;
  Pipeline pipeline_;
};

}  // namespace calve::flow
