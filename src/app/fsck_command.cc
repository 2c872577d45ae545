#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/table_view.h"
#include "flow/fsck.h"
#include "io/local_store.h"

namespace calve::app {
namespace {

/// Seconds since a local file was written; null for any other object.
Cell AgeOf(const std::string& location, TimestampUs now) {
  const auto path = io::LocalPath(location);
  std::error_code error;
  if (!path) {
    return {};
  }
  const auto written = std::filesystem::last_write_time(*path, error);
  if (error) {
    return {};
  }
  constexpr double kMicro = 1e-6;
  const auto since_epoch = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::file_clock::to_sys(written).time_since_epoch());
  return kMicro * static_cast<double>(now.value - since_epoch.count());
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
    orphans.Add({PathText(orphan.location), orphan.bytes, AgeOf(orphan.location, now)});
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
