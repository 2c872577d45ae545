#include <memory>
#include <utility>

#include <fmt/format.h>

#include "app/commands.h"
#include "capture/capture_status.h"
#include "capture/install.h"

namespace calve::app {
namespace {

struct CaptureWords {
  std::vector<std::string> tables;
  std::string schema;
  std::string role;
  bool role_records = false;
  bool existing_rows = false;
  bool drop_data = false;
  bool dry_run = false;
};

struct Source {
  capture::TableRef audit_table;
  std::unique_ptr<postgres::Connection> connection;
};

Result<Source> OpenSource(Session& session) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, session.LoadPipeline({.source = true}));
  Source source;
  CALVE_ASSIGN(source.audit_table, capture::ParseTableRef(pipeline.source.audit_table));
  CALVE_ASSIGN(source.connection, postgres::Connection::Open(pipeline.source.dsn));
  return source;
}

Result<std::vector<capture::TableRef>> TablesOf(const CaptureWords& words) {
  std::vector<capture::TableRef> tables;
  for (const std::string& text : words.tables) {
    CALVE_ASSIGN(capture::TableRef table, capture::ParseTableRef(text));
    tables.push_back(std::move(table));
  }
  return tables;
}

std::optional<std::string> Given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

/// The steps: as a script for psql where text is wanted of a dry run, else as a table.
Document PlanDocument(const Session& session, const capture::CapturePlan& plan,
                      bool dry_run) {
  Document document;
  if (dry_run && session.options().format == OutputFormat::kText) {
    document.AddNote(capture::ScriptOf(plan));
    return document;
  }
  Table& steps = document.AddTable(dry_run ? std::vector<Table::Column>{{"step"}, {"sql"}}
                                           : std::vector<Table::Column>{{"step"}},
                                   "steps");
  for (const capture::SqlStep& step : plan.steps) {
    steps.Add(dry_run ? std::vector<Cell>{step.what, step.sql}
                      : std::vector<Cell>{step.what});
  }
  Table& skipped = document.AddTable({{"table"}, {"reason"}}, "skipped");
  for (const auto& table : plan.skipped) {
    skipped.Add({table.table, table.reason});
  }
  return document;
}

Result<Document> Finish(Session& session, postgres::Connection& connection,
                        const capture::CapturePlan& plan, bool dry_run) {
  if (!dry_run && !plan.steps.empty()) {
    CALVE_TRY(capture::ApplyPlan(connection, plan, session.progress()));
  }
  if (plan.steps.empty()) {
    session.Say("Everything is as it should be; nothing was to do.");
  }
  for (const auto& table : plan.skipped) {
    session.Say(fmt::format("{} is left out: {}", table.table, table.reason));
  }
  return PlanDocument(session, plan, dry_run);
}

Result<Document> Install(Session& session, const CaptureWords& words) {
  CALVE_ASSIGN(auto tables, TablesOf(words));
  CALVE_ASSIGN(const Source source, OpenSource(session));
  CALVE_ASSIGN(
      const capture::CapturePlan plan,
      capture::PlanInstall(*source.connection, {.audit_table = source.audit_table,
                                                .tables = std::move(tables),
                                                .schema = Given(words.schema),
                                                .existing_rows = words.existing_rows,
                                                .role = Given(words.role),
                                                .role_records = words.role_records}));
  return Finish(session, *source.connection, plan, words.dry_run);
}

Result<Document> Uninstall(Session& session, const CaptureWords& words) {
  CALVE_ASSIGN(auto tables, TablesOf(words));
  CALVE_ASSIGN(const Source source, OpenSource(session));
  CALVE_ASSIGN(
      const capture::CapturePlan plan,
      capture::PlanUninstall(*source.connection, {.audit_table = source.audit_table,
                                                  .tables = std::move(tables),
                                                  .schema = Given(words.schema),
                                                  .role = Given(words.role),
                                                  .drop_audit_table = words.drop_data}));
  if (words.drop_data && !words.dry_run) {
    CALVE_TRY(session.Confirm("Dropping the audit table and every event in it"));
  }
  return Finish(session, *source.connection, plan, words.dry_run);
}

void AddTables(const capture::CaptureStatus& status, Document& document) {
  Table& tables = document.AddTable({{"table"}, {"key"}, {"problem"}}, "tables");
  for (const capture::CapturedTable& table : status.tables) {
    tables.Add(
        {table.table, table.key, table.problem.empty() ? Cell() : Cell(table.problem)});
  }
  Table& marks = document.AddTable(
      {{"consumer"}, {"cursor"}, {"covered"}, {"last_row_id"}, {"recorded_at"}},
      "extracted");
  for (const capture::GuardMark& mark : status.marks) {
    marks.Add({mark.consumer, mark.mode, mark.covered,
               mark.last_row_id ? Cell(*mark.last_row_id) : Cell(), mark.recorded_at});
  }
}

Result<Document> ShowStatus(Session& session) {
  CALVE_ASSIGN(const Source source, OpenSource(session));
  CALVE_ASSIGN(const capture::CaptureStatus status,
               capture::LookAtCapture(*source.connection, source.audit_table));
  const auto problem = [](const std::string& text) {
    return text.empty() ? Cell() : Cell(text);
  };
  Document document;
  Record& record = document.AddRecord("capture");
  record.Add("audit_table", source.audit_table.schema + "." + source.audit_table.name);
  record.Add("exists", status.table_exists);
  record.Add("cursor", problem(status.cursor));
  record.Add("cursor_problem", problem(status.cursor_problem));
  record.Add("guarded", status.guarded);
  record.Add("extracted_problem", problem(status.marks_problem));
  AddTables(status, document);
  return document;
}

void AddChoice(CommandOptions& parser, CaptureWords& words, const std::string& what) {
  parser.Texts("--table", words.tables, "A table " + what + ": schema.table")
      .Text("--schema", words.schema, "A schema whose tables are all " + what)
      .Flag("--dry-run", words.dry_run, "Print the SQL, carry out nothing");
}

}  // namespace

void AddCaptureCommands(Commands& commands) {
  Commands group = commands.Group(
      "capture",
      "Install the audit table, its triggers and its guard, or take them away");
  auto install = std::make_shared<CaptureWords>();
  CommandOptions install_parser = group.Add(
      "install", "Create what lacks: audit table, audit_xid, guard, triggers, grants",
      [install](Session& session) { return Install(session, *install); });
  AddChoice(install_parser, *install, "to capture");
  install_parser
      .Flag("--existing-rows", install->existing_rows,
            "Write an insert for each row that a table holds already")
      .Text("--role", install->role, "A role that may read the audit table, and no more")
      .Flag("--role-records", install->role_records,
            "That role may also tell the guard what it extracted");

  auto uninstall = std::make_shared<CaptureWords>();
  CommandOptions uninstall_parser =
      group.Add("uninstall", "Drop triggers, functions, guard and audit_xid; events stay",
                [uninstall](Session& session) { return Uninstall(session, *uninstall); });
  AddChoice(uninstall_parser, *uninstall,
            "no longer to capture; without any, all is dropped");
  uninstall_parser.Text("--role", uninstall->role, "A role that may no longer read")
      .Flag("--drop-data", uninstall->drop_data, "Drop the audit table too");

  auto status = std::make_shared<CaptureWords>();
  group
      .Add("status", "Show what is captured, by which cursor, and what the guard knows",
           [](Session& session) { return ShowStatus(session); })
      .Flag("--dry-run", status->dry_run, "Accepted: status changes nothing");
}

}  // namespace calve::app
