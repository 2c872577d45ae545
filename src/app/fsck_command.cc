#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/table_view.h"
#include "flow/fsck.h"

namespace calve::app {
namespace {

/// Seconds since a file was written; null where the store does not tell.
Cell AgeOf(const flow::Orphan& orphan, TimestampUs now) {
  constexpr double kMicro = 1e-6;
  return orphan.modified_ms
             ? Cell(kMicro * static_cast<double>(now.value - *orphan.modified_ms * 1000))
             : Cell();
}

Document ToDocument(const flow::FsckReport& report, TimestampUs now) {
  Document document;
  document.found_something = report.finding_count > 0;
  Record& record = document.AddRecord("fsck");
  record.Add("clean", report.finding_count == 0);
  record.Add("findings", report.finding_count, CellFormat::kCount);
  record.Add("tables", report.tables);
  record.Add("files", report.files, CellFormat::kCount);
  record.Add("dangling_delete_files", report.dangling_delete_files, CellFormat::kCount);
  record.Add("ledger_entries", report.ledger_entries, CellFormat::kCount);
  record.Add("landing_files", report.landing_files, CellFormat::kCount);
  record.Add("landing_files_waiting", report.landing_files_waiting, CellFormat::kCount);
  record.Add("landing_files_archived", report.landing_files_archived, CellFormat::kCount);
  record.Add("orphans", static_cast<int64_t>(report.orphans.size()), CellFormat::kCount);
  Table& findings = document.AddTable(
      {{"subject"}, {"finding"}, {"place"}, {"detail"}, {"remedy"}}, "findings");
  for (const flow::Finding& finding : report.findings) {
    findings.Add({finding.subject, finding.name, PathText(finding.place), finding.detail,
                  finding.remedy});
  }
  Table& orphans = document.AddTable(
      {{"file"}, {"size", CellFormat::kBytes}, {"age_seconds", CellFormat::kSeconds}},
      "orphan_files");
  for (const flow::Orphan& orphan : report.orphans) {
    orphans.Add({PathText(orphan.location), orphan.bytes, AgeOf(orphan, now)});
  }
  return document;
}

Result<Document> Fsck(Session& session) {
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.landing = true, .catalog = true, .models = true}));
  CALVE_ASSIGN(
      const flow::FsckReport report,
      flow::Fsck(pipeline, {.scratch_folder = ScratchFolder()}, session.progress()));
  return ToDocument(report, session.clock().Now());
}

}  // namespace

void AddFsckCommand(Commands& commands) {
  commands.Add("fsck",
               "Check every file, count, pointer and marker; exit 4 if one is wrong",
               [](Session& session) { return Fsck(session); });
}

}  // namespace calve::app
