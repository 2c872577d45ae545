#include "app/demo.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/demo_project.h"
#include "app/event_files.h"
#include "app/event_loader.h"
#include "app/interrupt.h"
#include "app/pipeline_round.h"
#include "app/pipeline_state.h"
#include "app/row_history.h"
#include "io/postgres/connection.h"
#include "io/postgres/private_postgres.h"

namespace calve::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHistoryModel = "marts.orders";
constexpr int64_t kChangeShare = 10;  // one event in ten comes in the second round
constexpr uint64_t kFirstSeed = 1;
constexpr uint64_t kSecondSeed = 2;

/// A step's line of the report.
struct StepFigure {
  std::string step;
  int64_t rows = 0;
  double seconds = 0;
};

/// The demo's run, step after step.
class Demo {
 public:
  Demo(Session& session, const DemoOptions& options, DemoProject project)
      : session_(session), options_(options), project_(std::move(project)) {}

  Result<Document> Run() {
    CALVE_TRY(StartSource());
    CALVE_TRY(project_.Write(postgres_->dsn(kDemoDatabase)));
    CALVE_ASSIGN(const flow::Pipeline pipeline, project_.BuildPipeline());
    session_.messages().Mask({postgres_->password()});

    CALVE_TRY(ChangeSource(pipeline, {}, project_.events_file(1), options_.events));
    CALVE_TRY(Capture(pipeline, "first run"));
    const int64_t changes = std::max<int64_t>(1, options_.events / kChangeShare);
    CALVE_TRY(ChangeSource(pipeline, {project_.events_file(1)}, project_.events_file(2),
                           changes));
    CALVE_TRY(Capture(pipeline, "second run"));
    CALVE_ASSIGN(Document report, Report(pipeline));
    if (options_.keep_running) {
      // The server is to outlive this process; `demo --stop` takes it over.
      static_cast<void>(postgres_.release());
    }
    return report;
  }

 private:
  Status StartSource() {
    session_.progress().Begin("postgres", 0, "servers");
    CALVE_ASSIGN(postgres_, postgres::PrivatePostgres::Start(
                                {.folder = project_.postgres_folder(), .settings = {}}));
    CALVE_ASSIGN(const std::unique_ptr<postgres::Connection> connection,
                 postgres::Connection::Open(postgres_->dsn()));
    const std::string database = kDemoDatabase;
    CALVE_TRY(
        connection->Execute("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)"));
    CALVE_TRY(connection->Execute("CREATE DATABASE " + database));
    session_.progress().End(
        fmt::format("a private server on 127.0.0.1:{}", postgres_->port()));
    return CheckInterrupt("the start of PostgreSQL");
  }

  /// Makes events and inserts them into the audit table.
  Status ChangeSource(const flow::Pipeline& pipeline,
                      const std::vector<std::string>& after, const std::string& file,
                      int64_t events) {
    generate::GenerateOptions options;
    options.events = events;
    options.seed = after.empty() ? kFirstSeed : kSecondSeed;
    if (!after.empty()) {
      options.mix = generate::kChangeMix;
    }
    const auto start = std::chrono::steady_clock::now();
    CALVE_ASSIGN(const generate::GenerateSummary summary,
                 GenerateFile(options, after, file, session_.progress()));
    Note("generate events to CSV", summary.events, start);
    CALVE_TRY(CheckInterrupt("the generator"));
    const auto load_start = std::chrono::steady_clock::now();
    CALVE_ASSIGN(const int64_t rows,
                 LoadEventFiles(pipeline.source, {.files = {file}, .create_table = true},
                                session_.progress()));
    Note("load them into PostgreSQL", rows, load_start);
    return CheckInterrupt("the load");
  }

  Status Capture(const flow::Pipeline& pipeline, const std::string& name) {
    flow::PendingFiles files(pipeline);
    CALVE_ASSIGN(
        const RoundReport round,
        RunRound(pipeline, flow::Transform, /*select=*/"", session_.progress(), files));
    steps_.push_back({name + ": extract", round.extract.rows, round.extract_seconds});
    steps_.push_back({name + ": ingest", round.ingested_rows, round.ingest_seconds});
    steps_.push_back(
        {name + ": transform", round.ingested_rows, round.transform_seconds});
    return CheckInterrupt("a run");
  }

  void Note(const std::string& step, int64_t rows,
            std::chrono::steady_clock::time_point start) {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    steps_.push_back({step, rows, time.count()});
  }

  Result<Document> Report(const flow::Pipeline& pipeline) {
    CALVE_ASSIGN(const PipelineState state, LookAtPipeline(pipeline));
    Document document;
    AddSteps(document);
    Table& tables = document.AddTable({{"table"},
                                       {"rows", CellFormat::kCount},
                                       {"files", CellFormat::kCount},
                                       {"size", CellFormat::kBytes}},
                                      "tables");
    for (const TableState& table : state.tables) {
      tables.Add({table.table, table.totals.rows.value_or(0),
                  table.totals.data_files.value_or(0), table.totals.bytes.value_or(0)});
    }
    CALVE_ASSIGN(const std::string key, project_.OftenChangedOrder());
    CALVE_TRY(AddOrder(pipeline, key, document));
    AddPlaces(document);
    document.AddNote(project_.WhatToTry(key, options_.keep_running));
    return document;
  }

  void AddSteps(Document& document) const {
    Table& table = document.AddTable({{"step"},
                                      {"events", CellFormat::kCount},
                                      {"seconds", CellFormat::kSeconds},
                                      {"events_per_second", CellFormat::kCount}},
                                     "steps");
    for (const StepFigure& figure : steps_) {
      const double rate =
          figure.seconds > 0 ? static_cast<double>(figure.rows) / figure.seconds : 0;
      table.Add({figure.step, figure.rows, figure.seconds, rate});
    }
  }

  Status AddOrder(const flow::Pipeline& pipeline, const std::string& key,
                  Document& document) {
    CALVE_ASSIGN(const HistoryPlace place,
                 FindHistory(pipeline.project, kHistoryModel, {}));
    CALVE_ASSIGN(const Table versions,
                 ReadVersions(pipeline, place, {key}, std::nullopt));
    Table& shown = document.AddTable({}, "history_of_order_" + key);
    const std::vector<std::string> wanted{"valid_from", "valid_to",    "audit_operation",
                                          "order_sum",  "description", "is_current",
                                          "is_deleted"};
    std::vector<size_t> positions;
    for (const std::string& name : wanted) {
      for (size_t i = 0; i < versions.columns.size(); ++i) {
        if (versions.columns[i].name == name) {
          positions.push_back(i);
          shown.columns.push_back(versions.columns[i]);
        }
      }
    }
    for (const std::vector<Cell>& row : versions.rows) {
      std::vector<Cell>& cells = shown.rows.emplace_back();
      for (const size_t position : positions) {
        cells.push_back(row[position]);
      }
    }
    return {};
  }

  void AddPlaces(Document& document) const {
    Record& places = document.AddRecord("places");
    places.Add("configuration", project_.config_file());
    places.Add("landing files", project_.folder() + "/lake/raw/ecommerce/audit_log_dml");
    places.Add("Iceberg tables", project_.folder() + "/lake/warehouse");
    places.Add("catalog", project_.folder() + "/lake/catalog.db");
    places.Add("PostgreSQL data", postgres_->folder());
  }

  Session& session_;  // Both outlive this.
  const DemoOptions& options_;
  DemoProject project_;
  std::unique_ptr<postgres::PrivatePostgres> postgres_;
  std::vector<StepFigure> steps_;
};

/// Stops the server that an earlier demo left running.
Result<Document> StopServer(const DemoProject& project) {
  std::error_code ignored;
  Document document;
  Record& record = document.AddRecord();
  if (!fs::exists(project.folder(), ignored)) {
    record.Add("stopped", false);
    return document;
  }
  // Start takes over one that runs; one that does not is started for a moment.
  CALVE_ASSIGN(const auto postgres,
               postgres::PrivatePostgres::Start(
                   {.folder = project.postgres_folder(), .settings = {}}));
  CALVE_TRY(postgres->Stop(postgres::PrivatePostgres::StopMode::kFast));
  record.Add("stopped", true);
  return document;
}

}  // namespace

Result<Document> RunDemo(Session& session, const DemoOptions& options) {
  CALVE_ASSIGN(DemoProject project, DemoProject::Make(options.folder));
  if (options.stop) {
    return StopServer(project);
  }
  CALVE_TRY(project.Clear());
  return Demo(session, options, std::move(project)).Run();
}

}  // namespace calve::app
