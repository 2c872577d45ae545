#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/report_parts.h"
#include "app/table_diff.h"
#include "app/table_register.h"
#include "app/table_view.h"
#include "table/commit/table_update.h"
#include "table/metadata/number_property.h"
#include "table/scan/scan.h"

namespace calve::app {
namespace {

Result<table::LoadedTable> Load(const flow::Pipeline& pipeline, const std::string& name) {
  CALVE_ASSIGN(const table::TableName table, table::ParseTableName(name));
  return table::LoadTable(*pipeline.store, *pipeline.catalog, table);
}

/// The catalog alone: looking at tables needs no dbt project.
Result<flow::Pipeline> CatalogPipeline(Session& session) {
  return session.LoadPipeline({.catalog = true, .landing_table = "landing.unused"});
}

Result<Document> ListTables(Session& session) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
  CALVE_ASSIGN(const std::vector<table::TableName> names, pipeline.catalog->ListTables());
  Document document;
  Table& list = document.AddTable({{"table"},
                                   {"rows", CellFormat::kCount},
                                   {"files", CellFormat::kCount},
                                   {"size", CellFormat::kBytes},
                                   {"snapshots"},
                                   {"last_commit"}});
  for (const table::TableName& name : names) {
    CALVE_ASSIGN(const table::LoadedTable table,
                 table::LoadTable(*pipeline.store, *pipeline.catalog, name));
    const table::Snapshot* snapshot = table.metadata.current_snapshot();
    const SnapshotTotals totals =
        snapshot != nullptr ? TotalsOf(*snapshot) : SnapshotTotals();
    list.Add(
        {name.text(), CountCell(totals.rows), CountCell(totals.data_files),
         CountCell(totals.bytes), static_cast<int64_t>(table.metadata.snapshots.size()),
         snapshot != nullptr ? Cell(FormatIsoTimestamp(TimeOf(*snapshot))) : Cell()});
  }
  return document;
}

std::string PartitionText(const table::TableMetadata& metadata) {
  std::string text;
  for (const table::PartitionField& field : metadata.partition_spec().fields) {
    const table::Field* column = metadata.schema().Find(field.source_id);
    text += text.empty() ? "" : ", ";
    text += fmt::format("{}({})", table::TransformName(field.transform),
                        column != nullptr ? column->name : field.name);
  }
  return text;
}

Result<Document> Show(Session& session, const std::string& name) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
  CALVE_ASSIGN(const table::LoadedTable table, Load(pipeline, name));
  const table::TableMetadata& metadata = table.metadata;
  Document document;
  Record& record = document.AddRecord("table");
  record.Add("name", table.name.text());
  record.Add("uuid", metadata.table_uuid);
  record.Add("format_version", int64_t{metadata.format_version});
  record.Add("location", PathText(metadata.location));
  record.Add("metadata", PathText(table.metadata_location));
  record.Add("partitioned_by", PartitionText(metadata));
  record.Add("columns", static_cast<int64_t>(metadata.schema().fields.size()));
  record.Add("snapshots", static_cast<int64_t>(metadata.snapshots.size()));
  if (const table::Snapshot* snapshot = metadata.current_snapshot()) {
    const SnapshotTotals totals = TotalsOf(*snapshot);
    record.Add("current_snapshot", snapshot->snapshot_id.value);
    record.Add("last_commit", FormatIsoTimestamp(TimeOf(*snapshot)));
    record.Add("rows", CountCell(totals.rows), CellFormat::kCount);
    record.Add("data_files", CountCell(totals.data_files), CellFormat::kCount);
    record.Add("delete_files", CountCell(totals.delete_files), CellFormat::kCount);
    record.Add("size", CountCell(totals.bytes), CellFormat::kBytes);
  }
  Table& properties = document.AddTable({{"property"}, {"value"}}, "properties");
  for (const auto& [key, value] : metadata.properties) {
    properties.Add({key, value});
  }
  return document;
}

Result<Document> ShowSchema(Session& session, const std::string& name) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
  CALVE_ASSIGN(const table::LoadedTable table, Load(pipeline, name));
  Document document;
  Table& columns =
      document.AddTable({{"id"}, {"column"}, {"type"}, {"required"}, {"description"}});
  for (const table::Field& field : table.metadata.schema().fields) {
    columns.Add({int64_t{field.id.value}, field.name, TypeText(field.type),
                 field.required, field.doc});
  }
  return document;
}

Result<Document> ListSnapshots(Session& session, const std::string& name) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
  CALVE_ASSIGN(const table::LoadedTable table, Load(pipeline, name));
  Document document;
  Table& list = document.AddTable({{"snapshot"},
                                   {"committed_at"},
                                   {"operation"},
                                   {"added_rows", CellFormat::kCount},
                                   {"deleted_rows", CellFormat::kCount},
                                   {"rows", CellFormat::kCount},
                                   {"current"}});
  for (const table::Snapshot& snapshot : table.metadata.snapshots) {
    list.Add({snapshot.snapshot_id.value, FormatIsoTimestamp(TimeOf(snapshot)),
              snapshot.operation(),
              CountCell(table::IntegerIn(snapshot.summary, "added-records")),
              CountCell(table::IntegerIn(snapshot.summary, "added-position-deletes")),
              CountCell(TotalsOf(snapshot).rows),
              snapshot.snapshot_id == table.metadata.current_snapshot_id});
  }
  return document;
}

Result<Document> ListFiles(Session& session, const std::string& name,
                           const std::string& at) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
  CALVE_ASSIGN(const table::LoadedTable table, Load(pipeline, name));
  CALVE_ASSIGN(const table::Snapshot* snapshot, FindSnapshot(table.metadata, at));
  CALVE_ASSIGN(const std::vector<table::ScanTask> tasks,
               table::PlanScan(*pipeline.store, table.metadata, *snapshot, {}));
  Document document;
  Table& files = document.AddTable({{"file"},
                                    {"rows", CellFormat::kCount},
                                    {"size", CellFormat::kBytes},
                                    {"delete_files"},
                                    {"sequence_number"}});
  for (const table::ScanTask& task : tasks) {
    files.Add({PathText(task.file.file_path), task.file.record_count,
               task.file.file_size_bytes, static_cast<int64_t>(task.deletes.size()),
               task.data_sequence_number});
  }
  return document;
}

Result<Document> ShowDiff(Session& session, const std::string& name,
                          const std::string& range) {
  const size_t dots = range.find("..");
  if (dots == std::string::npos) {
    return Error{ErrorKind::kInvalidArgument,
                 "a diff needs two snapshots: A..B, by id or time (B may be left out)"};
  }
  CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
  CALVE_ASSIGN(const table::LoadedTable table, Load(pipeline, name));
  CALVE_ASSIGN(const table::Snapshot* from,
               FindSnapshot(table.metadata, range.substr(0, dots)));
  CALVE_ASSIGN(const table::Snapshot* to,
               FindSnapshot(table.metadata, range.substr(dots + 2)));
  CALVE_ASSIGN(const TableDiff diff,
               DiffSnapshots(*pipeline.store, table.metadata, *from, *to));
  Document document;
  Record& record = document.AddRecord();
  record.Add("table", table.name.text());
  record.Add("from", from->snapshot_id.value);
  record.Add("to", to->snapshot_id.value);
  record.Add("rows_before", diff.rows_before, CellFormat::kCount);
  record.Add("rows_after", diff.rows_after, CellFormat::kCount);
  record.Add("rows_added", diff.rows_added, CellFormat::kCount);
  record.Add("rows_removed", diff.rows_removed, CellFormat::kCount);
  record.Add("files_added", diff.files_added, CellFormat::kCount);
  record.Add("files_removed", diff.files_removed, CellFormat::kCount);
  record.Add("columns_added", diff.columns_added);
  record.Add("columns_removed", diff.columns_removed);
  return document;
}

Result<Document> Rollback(Session& session, const std::string& name,
                          const std::string& to) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
  CALVE_ASSIGN(const table::LoadedTable table, Load(pipeline, name));
  CALVE_ASSIGN(const table::Snapshot* snapshot, FindSnapshot(table.metadata, to));
  const table::SnapshotId id = snapshot->snapshot_id;
  CALVE_TRY(session.Confirm(fmt::format("rolling {} back to snapshot {} of {}",
                                        table.name.text(), id.value,
                                        FormatIsoTimestamp(TimeOf(*snapshot)))));
  table::TableUpdate update(table, table::NewSnapshotId(*pipeline.uuids));
  CALVE_TRY(update.Rollback(id));
  std::vector<table::TableUpdate> updates;
  updates.push_back(std::move(update));
  CALVE_ASSIGN(const std::vector<table::LoadedTable> committed,
               table::CommitUpdates(pipeline.commit_context(), std::move(updates)));
  Document document;
  Record& record = document.AddRecord();
  record.Add("table", table.name.text());
  record.Add("current_snapshot", committed.front().metadata.current_snapshot_id->value);
  return document;
}

/// The words of a `table` command.
struct TableWords {
  std::string name;
  std::string at;
};

using TableBody =
    std::function<Result<Document>(Session& session, const TableWords& words)>;

/// Adds a command about one table.
CommandOptions AddOne(Commands& group, const std::string& name, const std::string& help,
                      const std::shared_ptr<TableWords>& words, const TableBody& body) {
  CommandOptions parser = group.Add(
      name, help, [words, body](Session& session) { return body(session, *words); });
  parser.Text("table", words->name, "namespace.table").Required();
  return parser;
}

}  // namespace

void AddTableCommands(Commands& commands) {
  Commands group = commands.Group("table", "Look at the Iceberg tables");
  auto words = std::make_shared<TableWords>();
  group.Add("ls", "List the tables",
            [](Session& session) { return ListTables(session); });
  AddOne(group, "show", "Show a table's place, totals and properties", words,
         [](Session& session, const TableWords& w) { return Show(session, w.name); });
  AddOne(
      group, "schema", "Show a table's columns", words,
      [](Session& session, const TableWords& w) { return ShowSchema(session, w.name); });
  AddOne(group, "snapshots", "List a table's snapshots", words,
         [](Session& session, const TableWords& w) {
           return ListSnapshots(session, w.name);
         });
  AddOne(group, "files", "List a table's data files", words,
         [](Session& session, const TableWords& w) {
           return ListFiles(session, w.name, w.at);
         })
      .Text("--at", words->at, "Snapshot id or time (default: now)");
  AddOne(group, "diff", "Compare two snapshots", words,
         [](Session& session, const TableWords& w) {
           return ShowDiff(session, w.name, w.at);
         })
      .Text("range", words->at, "A..B: snapshot ids or times")
      .Required();
  AddOne(group, "rollback", "Make an older snapshot current again", words,
         [](Session& session, const TableWords& w) {
           return Rollback(session, w.name, w.at);
         })
      .Text("snapshot", words->at, "Snapshot id, or the time it was current")
      .Required();
  auto adopt = std::make_shared<RegisterWords>();
  const auto register_table = [adopt](Session& session) -> Result<Document> {
    CALVE_ASSIGN(const flow::Pipeline pipeline, CatalogPipeline(session));
    return RegisterTable(session, pipeline, *adopt);
  };
  CommandOptions parser =
      group.Add("register", "Point the catalog at a table's metadata", register_table);
  parser.Text("table", adopt->table, "namespace.table")
      .Required()
      .Text("metadata", adopt->metadata, "A metadata file's location or path")
      .Flag("--newest", adopt->newest, "The newest that lies at the table's place");
}

}  // namespace calve::app
