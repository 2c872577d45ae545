#include <algorithm>
#include <charconv>
#include <exception>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "contract/contract.h"
#include "contract/project_checks_internal.h"
#include "contract/schema_yml_internal.h"
#include "contract/yaml_internal.h"

namespace calve::contract {
namespace {

constexpr std::string_view kProjectFile = "dbt_project.yml";

bool IsModelFile(const ProjectFile& file) {
  const std::string_view path = file.path;
  return path.starts_with("models/") &&
         (path.ends_with(".yml") || path.ends_with(".yaml"));
}

Result<ProjectSettings> ReadSettings(const std::vector<ProjectFile>& files) {
  const auto file = std::find_if(files.begin(), files.end(), [](const ProjectFile& one) {
    return one.path == kProjectFile;
  });
  if (file == files.end()) {
    return Error{
        ErrorKind::kInvalidArgument,
        "dbt_project.yml: not found; point `models` at the folder of a dbt project"};
  }
  CALVE_ASSIGN(const YamlAt root, LoadYaml(file->path, file->text));
  ProjectSettings settings{root["name"].Text(), root["models"]};
  if (settings.name.empty()) {
    return ErrorAt(file->path, 1, "the project has no name; give it `name`");
  }
  return settings;
}

/// A model's distance from the sources; the checks have shown that there is no cycle.
int Depth(const Project& project, const Model& model) {
  const Model* from = project.Upstream(model);
  return from == nullptr ? 0 : 1 + Depth(project, *from);
}

void SortUpstreamFirst(Project& project) {
  std::vector<std::pair<int, Model>> by_depth;
  by_depth.reserve(project.models.size());
  for (const Model& model : project.models) {
    by_depth.emplace_back(Depth(project, model), model);
  }
  std::sort(by_depth.begin(), by_depth.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.name) < std::tie(b.first, b.second.name);
  });
  project.models.clear();
  for (auto& [depth, model] : by_depth) {
    project.models.push_back(std::move(model));
  }
}

/// Reads and checks the project; without problems it is whole.
Result<Project> Read(const std::vector<ProjectFile>& files, Problems& problems) {
  CALVE_ASSIGN(const ProjectSettings settings, ReadSettings(files));
  Project project;
  project.name = settings.name;
  bool all_loaded = true;
  for (const ProjectFile& file : files) {
    if (!IsModelFile(file)) {
      continue;
    }
    const Result<YamlAt> loaded = LoadYaml(file.path, file.text);
    if (!loaded) {
      problems.Add(loaded.error());
      all_loaded = false;
      continue;
    }
    const YamlAt& root = *loaded;
    std::vector<Model> models = ReadModels(root, settings, problems);
    std::move(models.begin(), models.end(), std::back_inserter(project.models));
    const std::vector<Source> sources = ReadSources(root);
    project.sources.insert(project.sources.end(), sources.begin(), sources.end());
  }
  if (all_loaded) {  // Else much would only seem to be missing.
    CheckProject(project, problems);
  }
  if (problems.errors().empty()) {
    SortUpstreamFirst(project);
  }
  return project;
}

/// Read, with what yaml-cpp throws as an error.
Result<Project> ReadGuarded(const std::vector<ProjectFile>& files, Problems& problems) {
  try {
    return Read(files, problems);
  } catch (const std::exception& problem) {  // yaml-cpp's, while nodes are read.
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("the dbt project cannot be read; correct its YAML: {}",
                             problem.what())};
  }
}

/// The parts of `<file>:<line>: <message>`; an error without them is the project's.
Problem ProblemOf(const Error& error) {
  const std::string_view text = error.message;
  const size_t file_end = text.find(':');
  const size_t line_end = text.find(": ", file_end + 1);
  if (file_end != std::string_view::npos && line_end != std::string_view::npos) {
    Problem problem{.file = std::string(text.substr(0, file_end)),
                    .line = 0,
                    .message = std::string(text.substr(line_end + 2))};
    const char* begin = text.data() + file_end + 1;
    const char* end = text.data() + line_end;
    if (std::from_chars(begin, end, problem.line).ptr == end) {
      return problem;
    }
  }
  return {.file = std::string(kProjectFile), .line = 0, .message = error.message};
}

}  // namespace

const Column* Model::Find(std::string_view column) const {
  const auto it = std::find_if(columns.begin(), columns.end(),
                               [&](const Column& one) { return one.name == column; });
  return it == columns.end() ? nullptr : &*it;
}

const Model* Project::Find(std::string_view model) const {
  const auto it = std::find_if(models.begin(), models.end(),
                               [&](const Model& one) { return one.name == model; });
  return it == models.end() ? nullptr : &*it;
}

const Model* Project::Upstream(const Model& model) const {
  return model.kind == ModelKind::kDedupe ? nullptr : Find(model.from);
}

Result<Project> ParseProject(const std::vector<ProjectFile>& files) {
  Problems problems;
  Result<Project> project = ReadGuarded(files, problems);
  if (project && !problems.errors().empty()) {
    return problems.errors().front();
  }
  return project;
}

std::vector<Problem> LintProject(const std::vector<ProjectFile>& files) {
  Problems gathered;
  if (const Result<Project> project = ReadGuarded(files, gathered); !project) {
    gathered.Add(project.error());
  }
  std::vector<Problem> problems;
  for (const Error& error : gathered.errors()) {
    problems.push_back(ProblemOf(error));
  }
  std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  return problems;
}

}  // namespace calve::contract
