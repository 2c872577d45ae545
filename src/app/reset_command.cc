#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "flow/reset_source.h"
#include "flow/reset_tables.h"

namespace calve::app {
namespace {

Result<Document> ResetSource(Session& session, bool keep_rows) {
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.source = true, .landing = true}));
  CALVE_TRY(session.Confirm(keep_rows ? "Reading the audit table from its first row again"
                                      : "Removing every event from the audit table, also "
                                        "those that are not extracted"));
  CALVE_ASSIGN(const flow::ResetSourceReport report,
               flow::ResetSource(pipeline, keep_rows));
  Document document;
  Record& record = document.AddRecord();
  record.Add("audit_table", pipeline.source.audit_table);
  record.Add("truncated", !keep_rows);
  record.Add("ledger_entry", report.ledger_entry);
  return document;
}

Result<Document> ResetTables(Session& session, const flow::ResetRequest& request) {
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.landing = true, .catalog = true, .models = true}));
  CALVE_ASSIGN(const flow::ResetReport plan, flow::PlanReset(pipeline, request));
  if (!plan.tables.empty()) {
    CALVE_TRY(session.Confirm(fmt::format("dropping {} with all their snapshots",
                                          fmt::join(plan.tables, ", "))));
  }
  CALVE_ASSIGN(const flow::ResetReport report, flow::ResetTables(pipeline, request));
  Document document;
  Record& record = document.AddRecord("reset");
  record.Add("tables", report.tables);
  record.Add("files_deleted", report.files, CellFormat::kCount);
  record.Add("ingest_again", report.ingest_again);
  return document;
}

}  // namespace

void AddResetCommands(Commands& commands) {
  Commands group = commands.Group("reset", "Start over");
  auto keep_rows = std::make_shared<bool>(false);
  group
      .Add("source", "Truncate the audit table and begin a new epoch of the ledger",
           [keep_rows](Session& session) { return ResetSource(session, *keep_rows); })
      .Flag("--keep-rows", *keep_rows,
            "Leave the audit table as it is; the next extraction reads all of it again");
  auto request = std::make_shared<flow::ResetRequest>();
  CommandOptions parser = group.Add(
      "tables", "Drop tables and their progress; the next run builds them again",
      [request](Session& session) { return ResetTables(session, *request); });
  parser
      .Text("-s,--select", request->select,
            "Models: names, layers, +name, name+ (default: all)")
      .Flag("--landing", request->landing,
            "Also the landing table, which comes back from the landing files");
}

}  // namespace calve::app
