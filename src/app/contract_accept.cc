#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.h"
#include "app/project_files.h"
#include "app/report_parts.h"
#include "contract/append_column.h"
#include "flow/contract_diff.h"
#include "flow/transform.h"

namespace calve::app {
namespace {

struct AcceptOptions {
  std::vector<std::string> fields;
  std::string type;
  std::string model;
};

/// What is to be accepted into one flatten model.
struct Acceptance {
  std::string model;
  std::vector<contract::NewColumn> columns;
  int64_t misfits = 0;  // values that their column's type does not take
};

Error NotFound(const std::string& field, const flow::ContractDiff& diff) {
  std::vector<std::string> names;
  names.reserve(diff.fields.size());
  for (const flow::NewField& known : diff.fields) {
    names.push_back(known.field);
  }
  return {ErrorKind::kInvalidArgument,
          fmt::format(
              "no payload has a field `{}` that its contract does not name; there "
              "are: {}",
              field, names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")))};
}

/// Adds a field that is new in some model, or is in its contract already: a repeat,
/// perhaps of a command that was cut short between two files, writes what is still
/// missing.
Status AddField(const std::string& model, const contract::NewColumn& column,
                Acceptance& acceptance) {
  if (!acceptance.model.empty() && acceptance.model != model) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("there are such fields in {} and in {}; name one by --model",
                             acceptance.model, model)};
  }
  acceptance.model = model;
  acceptance.columns.push_back(column);
  return {};
}

/// Adds a field that a contract names. \return whether there is one
Result<bool> AddContracted(const contract::Project& project, const AcceptOptions& options,
                           const std::string& field, Acceptance& acceptance) {
  bool found = false;
  for (const contract::Model& model : project.models) {
    const auto column = std::find_if(
        model.columns.begin(), model.columns.end(),
        [&](const contract::Column& one) { return one.source_field == field; });
    const bool looked_at = model.kind == contract::ModelKind::kFlatten &&
                           (options.model.empty() || options.model == model.name);
    if (looked_at && column != model.columns.end()) {
      CALVE_TRY(AddField(model.name,
                         {.name = column->name,
                          .type = column->type,
                          .description = column->description,
                          .source_field = field},
                         acceptance));
      found = true;
    }
  }
  return found;
}

bool IsWanted(const AcceptOptions& options, const std::string& field) {
  return options.fields.empty() || std::find(options.fields.begin(), options.fields.end(),
                                             field) != options.fields.end();
}

Result<Acceptance> FindAcceptance(Session& session, const flow::Pipeline& pipeline,
                                  const AcceptOptions& options) {
  std::optional<contract::ColumnType> type;
  if (!options.type.empty()) {
    CALVE_ASSIGN(type, contract::ParseColumnType(options.type));
  }
  CALVE_ASSIGN(
      const flow::ContractDiff diff,
      flow::CompareWithContract(pipeline, options.model, type, session.progress()));
  Acceptance acceptance;
  std::set<std::string> found;
  for (const flow::NewField& field : diff.fields) {
    if (IsWanted(options, field.field)) {
      CALVE_TRY(
          AddField(field.model,
                   {.name = field.column,
                    .type = type.value_or(field.values.suggested),
                    .description = fmt::format("The payload's field {}.", field.field),
                    .source_field = field.field},
                   acceptance));
      acceptance.misfits += field.values.misfits;
      found.insert(field.field);
    }
  }
  for (const std::string& field : options.fields) {
    if (!found.contains(field)) {
      CALVE_ASSIGN(const bool known,
                   AddContracted(pipeline.project, options, field, acceptance));
      if (!known) {
        return NotFound(field, diff);
      }
    }
  }
  return acceptance;
}

Document Answer(const Acceptance& acceptance,
                const std::vector<contract::ProjectFile>& changed,
                const flow::TransformReport& report) {
  Document document;
  Table& columns = document.AddTable({{"column"}, {"type"}, {"field"}}, "accepted");
  for (const contract::NewColumn& column : acceptance.columns) {
    columns.Add(
        {column.name, contract::ColumnTypeName(column.type), column.source_field});
  }
  Table& files = document.AddTable({{"file"}}, "files");
  for (const contract::ProjectFile& file : changed) {
    files.Add({file.path});
  }
  AddModels(report, document);
  return document;
}

Result<Document> Accept(Session& session, const AcceptOptions& options) {
  CALVE_ASSIGN(const Config config, session.LoadConfig({.models = true}));
  Acceptance acceptance;
  {
    CALVE_ASSIGN(const flow::Pipeline pipeline,
                 session.LoadPipeline({.catalog = true, .models = true}));
    CALVE_ASSIGN(acceptance, FindAcceptance(session, pipeline, options));
  }
  if (acceptance.columns.empty()) {
    Document document;
    document.AddTable({{"column"}, {"type"}, {"field"}}, "accepted");
    document.AddNote("every field is in its contract");
    return document;
  }
  if (acceptance.misfits > 0) {
    CALVE_TRY(session.Confirm(
        fmt::format("{} values are no {}: accepting it sends their events to quarantine",
                    acceptance.misfits, options.type)));
  }
  CALVE_ASSIGN(const auto files, ReadProjectFiles(config.models));
  CALVE_ASSIGN(const auto changed,
               contract::AppendColumns(files, acceptance.model, acceptance.columns));
  for (const contract::ProjectFile& file : changed) {
    CALVE_TRY(WriteProjectFile(config.models, file));
  }
  CALVE_ASSIGN(const flow::Pipeline accepted,
               session.LoadPipeline({.catalog = true, .models = true}));
  CALVE_ASSIGN(
      const flow::TransformReport report,
      flow::Transform(accepted, {.select = acceptance.model + "+", .full_refresh = true},
                      session.progress()));
  return Answer(acceptance, changed, report);
}

}  // namespace

void AddContractAcceptCommand(Commands& group) {
  auto options = std::make_shared<AcceptOptions>();
  group
      .Add("accept",
           "Write new fields into the contract, and rebuild their columns with their "
           "types",
           [options](Session& session) { return Accept(session, *options); })
      .Texts("fields", options->fields, "Fields of the payload (default: all new ones)")
      .Text("--type", options->type,
            "Their type (default: what `contract diff` suggests)")
      .Text("--model", options->model, "The flatten model, where several have the field");
}

}  // namespace calve::app
