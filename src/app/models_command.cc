#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/project_files.h"
#include "app/source_draft.h"

namespace calve::app {
namespace {

namespace fs = std::filesystem;

struct AddOptions {
  std::string table;
  std::vector<std::string> key;
};

/// SQL files are made, never changed: what stands there is someone's.
Status CheckSqlFiles(const std::string& folder, const contract::AddedTable& added) {
  for (const contract::ProjectFile& file : added.files) {
    const fs::path path = fs::path(folder) / file.path;
    std::error_code ignored;
    if (path.extension() == ".sql" && fs::exists(path, ignored)) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("{} is there already and is not overwritten; remove it, "
                               "or add the models by hand",
                               path.string())};
    }
  }
  return {};
}

Document Answer(const SourceDraft& draft, const contract::AddedTable& added) {
  Document document;
  Record& record = document.AddRecord("table");
  record.Add("source_table", draft.table.source_table);
  record.Add("key", draft.table.key);
  record.Add("models", added.models);
  Table& columns =
      document.AddTable({{"column"}, {"type"}, {"field"}, {"not_null"}}, "columns");
  for (const contract::DraftColumn& column : draft.table.columns) {
    columns.Add({column.name, contract::ColumnTypeName(column.type), column.source_field,
                 column.not_null});
  }
  Table& left_out = document.AddTable({{"field"}}, "left_out");
  for (const std::string& field : draft.left_out) {
    left_out.Add({field});
  }
  Table& files = document.AddTable({{"file"}}, "files");
  for (const contract::ProjectFile& file : added.files) {
    files.Add({file.path});
  }
  return document;
}

Result<Document> AddModels(Session& session, const AddOptions& options) {
  CALVE_ASSIGN(const capture::TableRef ref, capture::ParseTableRef(options.table));
  CALVE_ASSIGN(const Config config, session.LoadConfig({.models = true}));
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.source = true, .models = true}));
  CALVE_ASSIGN(const auto connection, postgres::Connection::Open(pipeline.source.dsn));
  CALVE_ASSIGN(const capture::TableShape shape,
               capture::ReadTableShape(*connection, ref));
  CALVE_ASSIGN(const SourceDraft draft, DraftContract(shape, options.key));
  CALVE_ASSIGN(const auto files, ReadProjectFiles(config.models));
  CALVE_ASSIGN(const contract::AddedTable added, contract::AddTable(files, draft.table));
  CALVE_TRY(CheckSqlFiles(config.models, added));
  for (const contract::ProjectFile& file : added.files) {
    CALVE_TRY(WriteProjectFile(config.models, file));
  }
  session.Say(fmt::format(
      "Next: look the contract over; `calve capture install --table {}` captures the "
      "table if nothing does yet; `calve run` makes its tables.",
      draft.table.source_table));
  return Answer(draft, added);
}

}  // namespace

void AddModelsCommands(Commands& commands) {
  Commands group = commands.Group("models", "Models of the dbt project");
  auto options = std::make_shared<AddOptions>();
  group
      .Add("add",
           "Write the models of another source table, from its columns in PostgreSQL",
           [options](Session& session) { return AddModels(session, *options); })
      .Text("table", options->table, "The table: public.customers")
      .Required()
      .CommaTexts("--key", options->key,
                  "Columns of its key, divided by commas (default: the primary key)");
}

}  // namespace calve::app
