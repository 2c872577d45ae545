#include <algorithm>
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

Result<Project> Read(const std::vector<ProjectFile>& files) {
  CALVE_ASSIGN(const ProjectSettings settings, ReadSettings(files));
  Project project;
  project.name = settings.name;
  for (const ProjectFile& file : files) {
    if (!IsModelFile(file)) {
      continue;
    }
    CALVE_ASSIGN(const YamlAt root, LoadYaml(file.path, file.text));
    CALVE_ASSIGN(std::vector<Model> models, ReadModels(root, settings));
    std::move(models.begin(), models.end(), std::back_inserter(project.models));
    const std::vector<Source> sources = ReadSources(root);
    project.sources.insert(project.sources.end(), sources.begin(), sources.end());
  }
  CALVE_TRY(CheckProject(project));
  SortUpstreamFirst(project);
  return project;
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
  try {
    return Read(files);
  } catch (const std::exception& problem) {  // yaml-cpp's, while nodes are read.
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("the dbt project cannot be read; correct its YAML: {}",
                             problem.what())};
  }
}

}  // namespace calve::contract
