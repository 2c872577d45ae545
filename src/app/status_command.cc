#include <algorithm>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/pipeline_state.h"
#include "app/report_parts.h"
#include "flow/doubtful_keys.h"

namespace calve::app {
namespace {

void AddPipeline(const flow::Pipeline& pipeline, const PipelineState& state,
                 Document& document) {
  Record& record = document.AddRecord("pipeline");
  record.Add("name", pipeline.name);
  record.Add("source_rows_waiting", state.source ? Cell(state.source->rows) : Cell(),
             CellFormat::kCount);
  record.Add("source_cursor", state.source ? Cell(state.source->cursor_mode) : Cell());
  record.Add("source_problem",
             state.source_problem.empty() ? Cell() : Cell(state.source_problem));
  record.Add("landing_files_waiting", static_cast<int64_t>(state.pending_keys.size()),
             CellFormat::kCount);
}

void AddTables(const PipelineState& state, TimestampUs now, Document& document) {
  constexpr double kMicro = 1e-6;
  Table& tables = document.AddTable({{"table"},
                                     {"rows", CellFormat::kCount},
                                     {"files", CellFormat::kCount},
                                     {"size", CellFormat::kBytes},
                                     {"last_commit"},
                                     {"age_seconds", CellFormat::kSeconds},
                                     {"snapshots_waiting", CellFormat::kCount},
                                     {"rows_waiting", CellFormat::kCount}},
                                    "tables");
  for (const TableState& table : state.tables) {
    Cell commit;
    Cell age;
    if (table.last_commit) {
      commit = FormatIsoTimestamp(*table.last_commit);
      age = std::max(0.0,
                     static_cast<double>(now.value - table.last_commit->value) * kMicro);
    }
    tables.Add({table.table, CountCell(table.totals.rows),
                CountCell(table.totals.data_files), CountCell(table.totals.bytes), commit,
                age, table.waiting_snapshots, table.waiting_rows});
  }
}

/// How many keys of a table an answer names.
constexpr int64_t kKeysNamed = 100;

/// Keys with an event in quarantine: counted for people, named for programs.
Status AddDoubtful(const flow::Pipeline& pipeline, bool text, Document& document) {
  CALVE_ASSIGN(const auto doubtful, flow::FindDoubtfulKeys(pipeline, kKeysNamed));
  if (text) {
    for (const flow::DoubtfulKeys& table : doubtful) {
      document.AddNote(fmt::format(
          "{}: {} key{} in doubt, with an event in quarantine; see calve quarantine ls",
          table.table, table.count, table.count == 1 ? "" : "s"));
    }
    return {};
  }
  Table& list = document.AddTable({{"table"}, {"count"}, {"keys"}}, "doubtful_keys");
  for (const flow::DoubtfulKeys& table : doubtful) {
    list.Add({table.table, table.count, table.keys});
  }
  return {};
}

Result<Document> ShowStatus(Session& session) {
  PipelineNeeds needs{.source = true, .landing = true, .catalog = true, .models = true};
  CALVE_ASSIGN(const Config config, session.LoadConfig(needs));
  needs.source = false;  // Its login is read where it has one, but it need not be there.
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               BuildPipeline(config, needs, session.environment()));
  CALVE_ASSIGN(const PipelineState state, LookAtPipeline(pipeline));
  Document document;
  AddPipeline(pipeline, state, document);
  AddHorizon(state.source ? state.source->horizon : std::nullopt, document);
  AddTables(state, session.clock().Now(), document);
  CALVE_TRY(
      AddDoubtful(pipeline, session.options().format == OutputFormat::kText, document));
  return document;
}

}  // namespace

void AddStatusCommand(Commands& commands) {
  commands.Add("status", "Show rows, freshness and what waits, table by table",
               [](Session& session) { return ShowStatus(session); });
}

}  // namespace calve::app
