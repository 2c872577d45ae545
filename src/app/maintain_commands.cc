#include <functional>
#include <memory>
#include <utility>

#include "app/commands.h"
#include "app/config/config_values.h"
#include "app/interrupt.h"
#include "app/table_view.h"
#include "flow/maintain.h"

namespace calve::app {
namespace {

struct MaintainOptions {
  std::string select;
  std::string older_than;
  bool dry_run = false;
};

/// A pipeline and the tables that a command is about.
struct Care {
  flow::Pipeline pipeline;
  std::vector<flow::CaredTable> tables;
};

Result<Care> Prepare(Session& session, const MaintainOptions& options) {
  CALVE_ASSIGN(flow::Pipeline pipeline,
               session.LoadPipeline({.catalog = true, .models = true}));
  CALVE_ASSIGN(auto tables, flow::TablesUnderCare(pipeline, options.select));
  return Care{std::move(pipeline), std::move(tables)};
}

Status CheckSignal() {
  return CheckInterrupt("a table");
}

Result<Document> CompactAll(Session& session, const MaintainOptions& options) {
  CALVE_ASSIGN(const Care care, Prepare(session, options));
  table::CompactionPolicy policy = care.pipeline.maintenance.compaction;
  policy.worn_files = 1;  // Whoever asks wants every worn file rewritten, not the worst.
  Document document;
  Table& list = document.AddTable({{"table"},
                                   {"commits"},
                                   {"data_files_removed", CellFormat::kCount},
                                   {"delete_files_removed", CellFormat::kCount},
                                   {"data_files_added", CellFormat::kCount},
                                   {"bytes_rewritten", CellFormat::kBytes},
                                   {"groups_lost"}});
  for (const flow::CaredTable& cared : care.tables) {
    CALVE_TRY(CheckSignal());
    table::CompactionReport report;
    if (options.dry_run) {
      CALVE_ASSIGN(
          const auto table,
          table::LoadTable(*care.pipeline.store, *care.pipeline.catalog, cared.name));
      CALVE_ASSIGN(report,
                   table::DescribeCompaction(*care.pipeline.store, table, policy));
    } else {
      CALVE_ASSIGN(report, flow::CompactTable(care.pipeline, cared, policy, CheckSignal));
    }
    list.Add({cared.name.text(), report.commits, report.removed_data_files,
              report.removed_delete_files,
              options.dry_run ? Cell() : Cell(report.added_data_files),
              report.rewritten_bytes, report.lost_groups});
  }
  return document;
}

Result<Document> ExpireAll(Session& session, const MaintainOptions& options) {
  CALVE_ASSIGN(const Care care, Prepare(session, options));
  Document document;
  Table& list = document.AddTable({{"table"},
                                   {"snapshots_expired", CellFormat::kCount},
                                   {"snapshots_held", CellFormat::kCount},
                                   {"data_files_deleted", CellFormat::kCount},
                                   {"delete_files_deleted", CellFormat::kCount},
                                   {"metadata_files_deleted", CellFormat::kCount}});
  for (const flow::CaredTable& cared : care.tables) {
    CALVE_TRY(CheckSignal());
    CALVE_ASSIGN(const auto outcome,
                 flow::ExpireTable(care.pipeline, cared, options.dry_run));
    list.Add({cared.name.text(), outcome.done.snapshots, outcome.held,
              outcome.done.data_files, outcome.done.delete_files,
              outcome.done.metadata_files});
  }
  return document;
}

Result<std::chrono::milliseconds> OrphanAge(const MaintainOptions& options) {
  if (options.older_than.empty()) {
    return std::chrono::milliseconds(table::kMinOrphanAge);
  }
  auto age = ParseDuration(options.older_than);
  if (!age) {
    return Error{age.error().kind, "--older-than " + age.error().message};
  }
  return age;
}

/// Removes files, or only lists them.
struct Removal {
  io::ObjectStore& store;
  bool dry_run;
  Table& places;
  Table& files;
};

/// Removes files, and writes that died, of one place.
Status RemoveAll(Removal& removal, const std::string& place,
                 const std::vector<io::ObjectInfo>& files, int64_t doubtful) {
  int64_t bytes = 0;
  for (const io::ObjectInfo& file : files) {
    if (!removal.dry_run) {
      CALVE_TRY(removal.store.Delete(file.location));
    }
    bytes += static_cast<int64_t>(file.size_bytes);
    removal.files.Add(
        {place, PathText(file.location), static_cast<int64_t>(file.size_bytes)});
  }
  removal.places.Add({place, std::ssize(files), bytes, doubtful});
  return {};
}

Result<Document> RemoveOrphans(Session& session, const MaintainOptions& options) {
  CALVE_ASSIGN(const auto age, OrphanAge(options));
  CALVE_ASSIGN(const Care care, Prepare(session, options));
  Document document;
  Removal removal{.store = *care.pipeline.store,
                  .dry_run = options.dry_run,
                  .places = document.AddTable({{"table"},
                                               {"orphans", CellFormat::kCount},
                                               {"size", CellFormat::kBytes},
                                               {"doubtful", CellFormat::kCount}},
                                              "tables"),
                  .files = document.AddTable(
                      {{"table"}, {"file"}, {"size", CellFormat::kBytes}}, "files")};
  for (const flow::CaredTable& cared : care.tables) {
    CALVE_TRY(CheckSignal());
    CALVE_ASSIGN(const auto orphans, flow::FindTableOrphans(care.pipeline, cared, age));
    CALVE_TRY(RemoveAll(removal, cared.name.text(), orphans.files,
                        std::ssize(orphans.doubtful)));
  }
  if (options.select.empty() && !care.pipeline.landing.root.empty()) {
    CALVE_ASSIGN(const auto left, flow::FindLandingLeftovers(care.pipeline, age));
    if (!left.empty()) {
      CALVE_TRY(RemoveAll(removal, "landing files", left, 0));
    }
  }
  return document;
}

using MaintainBody = Result<Document> (*)(Session&, const MaintainOptions&);

CommandOptions AddOne(Commands& group, const std::string& name, const std::string& help,
                      const std::shared_ptr<MaintainOptions>& options,
                      MaintainBody body) {
  CommandOptions parser = group.Add(
      name, help, [options, body](Session& session) { return body(session, *options); });
  parser
      .Text("-s,--select", options->select,
            "Models whose tables to look after (default: all, and the landing table)")
      .Flag("--dry-run", options->dry_run, "Only say what would be done");
  return parser;
}

}  // namespace

void AddMaintainCommands(Commands& commands) {
  Commands group = commands.Group("maintain", "Look after the Iceberg tables");
  const auto options = std::make_shared<MaintainOptions>();
  AddOne(group, "compact", "Rewrite small data files, and those with many deleted rows",
         options, CompactAll);
  AddOne(group, "expire", "Give up old snapshots and the files that only they reach",
         options, ExpireAll);
  AddOne(group, "orphans", "Remove files that nothing refers to", options, RemoveOrphans)
      .Text("--older-than", options->older_than, "Age of an orphan, 3d at least");
}

}  // namespace calve::app
