#include <memory>

#include "app/commands.h"
#include "flow/reset_source.h"

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

}  // namespace

void AddResetCommands(Commands& commands) {
  Commands group = commands.Group("reset", "Start over");
  auto keep_rows = std::make_shared<bool>(false);
  group
      .Add("source", "Truncate the audit table and begin a new epoch of the ledger",
           [keep_rows](Session& session) { return ResetSource(session, *keep_rows); })
      .Flag("--keep-rows", *keep_rows,
            "Leave the audit table as it is; the next extraction reads all of it again");
}

}  // namespace calve::app
