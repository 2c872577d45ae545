#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/project_files.h"
#include "flow/contract_diff.h"
#include "flow/contract_tests.h"
#include "model/row_check.h"

namespace calve::app {
namespace {

/// The faults of a project, those of its checks' constants too.
std::vector<contract::Problem> AllProblems(
    const std::vector<contract::ProjectFile>& files) {
  std::vector<contract::Problem> problems = contract::LintProject(files);
  const Result<contract::Project> project = contract::ParseProject(files);
  if (!project) {
    return problems;
  }
  for (const contract::Model& model : project->models) {
    for (const contract::Check& check : model.checks) {
      const auto bound = model::RowCheck::Bind(check.condition, model);
      if (!bound) {
        problems.push_back(
            {model.file, check.line,
             fmt::format("model {}: the check `{}` cannot be enforced: {}; "
                         "write a constant of that type",
                         model.name, check.expression, bound.error().message)});
      }
    }
  }
  return problems;
}

Result<Document> Lint(Session& session) {
  CALVE_ASSIGN(const Config config, session.LoadConfig({.models = true}));
  if (config.models.empty()) {
    return Error{
        ErrorKind::kInvalidArgument,
        "no dbt project is configured: set models in calve.yaml, or the variable "
        "CALVE_MODELS"};
  }
  CALVE_ASSIGN(const auto files, ReadProjectFiles(config.models));
  const auto problems = AllProblems(files);
  Document document;
  Table& table = document.AddTable({{"file"}, {"line"}, {"problem"}}, "problems");
  for (const contract::Problem& problem : problems) {
    table.Add({problem.file, int64_t{problem.line}, problem.message});
  }
  document.AddNote(problems.empty()
                       ? fmt::format("{}: no problems", config.models)
                       : fmt::format("{}: {} problems", config.models, problems.size()));
  document.contract_broken = !problems.empty();
  return document;
}

const char* StateOf(const flow::ContractTest& test) {
  if (!test.skipped.empty()) {
    return "skipped";
  }
  return test.passed() ? "pass" : "FAIL";
}

Result<Document> Test(Session& session, const std::string& select) {
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.catalog = true, .models = true}));
  CALVE_ASSIGN(const auto tests,
               flow::TestContracts(pipeline, select, session.progress()));
  Document document;
  Table& table = document.AddTable({{"test"},
                                    {"table"},
                                    {"result"},
                                    {"rows", CellFormat::kCount},
                                    {"failures", CellFormat::kCount},
                                    {"examples"},
                                    {"skipped"}},
                                   "tests");
  int64_t failed = 0;
  for (const flow::ContractTest& test : tests) {
    failed += test.passed() ? 0 : 1;
    table.Add({test.name, test.table, StateOf(test), test.rows, test.failures,
               test.examples, test.skipped.empty() ? Cell() : Cell(test.skipped)});
  }
  document.AddNote(fmt::format("{} tests, {} failed", tests.size(), failed));
  document.contract_broken = failed > 0;
  return document;
}

std::vector<std::string> TypeNames(const std::vector<contract::ColumnType>& types) {
  std::vector<std::string> names;
  names.reserve(types.size());
  for (const contract::ColumnType& type : types) {
    names.push_back(contract::ColumnTypeName(type));
  }
  return names;
}

Result<Document> Diff(Session& session, const std::string& select) {
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.catalog = true, .models = true}));
  CALVE_ASSIGN(const flow::ContractDiff diff,
               flow::CompareWithContract(pipeline, select, /*candidate=*/std::nullopt,
                                         session.progress()));
  Document document;
  Table& table = document.AddTable({{"model"},
                                    {"field"},
                                    {"column"},
                                    {"in_table"},
                                    {"type"},
                                    {"allowed"},
                                    {"rows", CellFormat::kCount},
                                    {"nulls", CellFormat::kCount}},
                                   "fields");
  for (const flow::NewField& field : diff.fields) {
    table.Add({field.model, field.field, field.column, field.in_table,
               contract::ColumnTypeName(field.values.suggested),
               TypeNames(field.values.allowed), field.values.rows, field.values.nulls});
  }
  document.AddNote(diff.fields.empty()
                       ? "every field is in its contract"
                       : "`calve contract accept FIELD` writes one into the contract");
  if (diff.overflow > 0) {
    document.AddNote(
        fmt::format("{} values of yet more fields are not listed: field names "
                    "that are data?",
                    diff.overflow));
  }
  return document;
}

}  // namespace

void AddContractCommands(Commands& commands) {
  Commands group =
      commands.Group("contract", "Hold the contracts against data, and back");
  group.Add("lint", "Tell everything that is wrong with the dbt project's contracts",
            [](Session& session) { return Lint(session); });
  auto select = std::make_shared<std::string>();
  group
      .Add("test", "Run the contracts' tests on the tables as they are",
           [select](Session& session) { return Test(session, *select); })
      .Text("-s,--select", *select, "Models: names, layers, +name, name+ (default: all)");
  group
      .Add("diff",
           "Tell the payload's fields that are not in the contracts, with their types",
           [select](Session& session) { return Diff(session, *select); })
      .Text("-s,--select", *select, "Flatten models to look at (default: all)");
  AddContractAcceptCommand(group);
}

}  // namespace calve::app
