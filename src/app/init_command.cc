#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.h"
#include "app/config/dsn.h"
#include "app/scaffold.h"
#include "app/source_project.h"

namespace calve::app {
namespace {

struct InitOptions {
  std::string folder = ".";
  std::string from;  // connection string; empty: the example
  std::string schema = "public";
};

void AddFiles(const std::vector<std::string>& written, const std::string& name,
              Document& document) {
  Table& table = document.AddTable({{"file"}}, name);
  for (const std::string& path : written) {
    table.Add({path});
  }
}

Result<Document> InitExample(Session& session, const InitOptions& options) {
  CALVE_ASSIGN(const std::vector<std::string> written,
               WriteScaffold(options.folder, ExampleProject()));
  Document document;
  AddFiles(written, "", document);
  session.Say("Next: set source.postgres.dsn in " + options.folder +
              "/calve.yaml, then run `calve plan` there.");
  return document;
}

Result<Document> InitFrom(Session& session, const InitOptions& options) {
  session.messages().Mask(PasswordsIn(options.from));
  CALVE_ASSIGN(const auto connection, postgres::Connection::Open(options.from));
  CALVE_ASSIGN(const SourceProject project, DraftProject(*connection, options.schema));
  CALVE_ASSIGN(const std::vector<std::string> written,
               WriteScaffold(options.folder, project.files));
  Document document;
  Table& tables = document.AddTable({{"table"}}, "tables");
  for (const std::string& table : project.tables) {
    tables.Add({table});
  }
  Table& skipped = document.AddTable({{"table"}, {"reason"}}, "skipped");
  for (const SkippedTable& table : project.skipped) {
    skipped.Add({table.table, table.reason});
  }
  AddFiles(written, "files", document);
  session.Say(fmt::format(
      "Next: look the contracts in {}/dbt_dwh over; `calve capture install` there makes "
      "the audit log and its triggers, `calve plan` shows what a run would do.",
      options.folder));
  return document;
}

}  // namespace

void AddInitCommand(Commands& commands) {
  auto options = std::make_shared<InitOptions>();
  commands
      .Add("init", "Write calve.yaml and a dbt project to start from",
           [options](Session& session) {
             return options->from.empty() ? InitExample(session, *options)
                                          : InitFrom(session, *options);
           })
      .Text("dir", options->folder, "Folder to write to (default: here)")
      .Text("--from", options->from,
            "Draft the contracts from the tables of this database: a connection string, "
            "better without the password (PGPASSWORD)")
      .Text("--schema", options->schema, "With --from: their schema (default: public)");
}

}  // namespace calve::app
