#include <fmt/format.h>

#include "app/commands.h"
#include "app/pipeline_state.h"
#include "app/report_parts.h"

namespace calve::app {
namespace {

/// What the next transform does to a model's table.
std::string ActionOn(const TableState& table, bool rows_come) {
  if (!table.exists) {
    return "create";
  }
  if (!table.missing_columns.empty()) {
    return "add columns";
  }
  return rows_come ? "update" : "nothing";
}

/// Tells of columns that lack, for people; JSON has them in the table.
void AddColumns(const PipelineState& state, Document& document) {
  Table& columns = document.AddTable({{"table"}, {"new_columns"}}, "columns");
  for (const TableState& table : state.tables) {
    if (!table.missing_columns.empty()) {
      columns.Add({table.table, table.missing_columns});
    }
  }
}

Result<Document> ShowPlan(Session& session) {
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline(
                   {.source = true, .landing = true, .catalog = true, .models = true}));
  CALVE_ASSIGN(const PipelineState state, LookAtPipeline(pipeline));
  if (!state.source) {
    return Error{ErrorKind::kUnavailable, state.source_problem};
  }
  Document document;
  Record& record = document.AddRecord("plan");
  record.Add("extract_rows", state.source->rows, CellFormat::kCount);
  record.Add("cursor", state.source->cursor_mode);
  record.Add("ingest_files", static_cast<int64_t>(state.pending_keys.size()),
             CellFormat::kCount);
  record.Add("ingest_keys", state.pending_keys);
  AddHorizon(state.source->horizon, document);
  bool rows_come = state.source->rows > 0 || !state.pending_keys.empty();
  Table& tables = document.AddTable(
      {{"table"}, {"action"}, {"upstream"}, {"rows_waiting", CellFormat::kCount}},
      "tables");
  for (const TableState& table : state.tables) {
    rows_come = rows_come || table.waiting_rows > 0;
    tables.Add({table.table, ActionOn(table, rows_come),
                table.upstream.empty() ? Cell("landing files") : Cell(table.upstream),
                table.waiting_rows});
  }
  AddColumns(state, document);
  return document;
}

}  // namespace

void AddPlanCommand(Commands& commands) {
  commands.Add("plan", "Show what the next run would do; writes nothing",
               [](Session& session) { return ShowPlan(session); });
}

}  // namespace calve::app
