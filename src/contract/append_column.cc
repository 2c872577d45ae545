#include "contract/append_column.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/yaml_edit_internal.h"
#include "contract/yaml_internal.h"

namespace calve::contract {
namespace {

/// The lines of a column's entry, without indentation and ends.
Result<std::vector<std::string>> EntryOf(const NewColumn& column, bool flatten) {
  std::vector<std::string> lines{"name: " + NameScalar(column.name),
                                 "data_type: " + ColumnTypeName(column.type),
                                 "description: " + Quoted(column.description)};
  if (flatten && column.source_field != column.name) {
    const auto path = PathOf(column.source_field);
    if (!path) {
      return Error{
          ErrorKind::kUnsupported,
          fmt::format("no path can name the field {}, which has quotes, "
                      "backslashes or nothing in its name; it stays a propagated "
                      "column",
                      Quoted(column.source_field))};
    }
    lines.push_back("config: {meta: {calve: {path: " + Quoted(*path) + "}}}");
  }
  return lines;
}

Error ByHand(const ProjectFile& file, int line, const std::string& model,
             const std::vector<std::string>& entry) {
  return {ErrorKind::kUnsupported,
          fmt::format("{}:{}: the columns of model {} are not listed one entry below the "
                      "other, so this one has to be added by hand: {{{}}}",
                      file.path, line, model, fmt::join(entry, ", "))};
}

YamlAt FindModel(const YamlAt& root, const std::string& model) {
  for (const YamlAt& entry : root["models"].Items()) {
    if (entry["name"].Text() == model) {
      return entry;
    }
  }
  return {YAML::Node(YAML::NodeType::Undefined), root.file};
}

/// Appends the column to the model's list in the file's text.
Status Append(const Model& model, const NewColumn& column, ProjectFile& file) {
  CALVE_ASSIGN(const auto entry, EntryOf(column, model.kind == ModelKind::kFlatten));
  CALVE_ASSIGN(const YamlAt root, LoadYaml(file.path, file.text));
  const YamlAt entry_of_model = FindModel(root, model.name);
  const YamlAt columns = entry_of_model["columns"];
  const bool is_alias = columns.line() < entry_of_model.line();
  const auto text =
      is_alias ? std::nullopt : AppendItem(file.text, columns, entry, /*apart=*/false);
  if (!text) {
    return ByHand(file, columns.line(), model.name, entry);
  }
  file.text = *text;
  return {};
}

/// The project as it is to be.
Project WithColumns(Project project, const std::string& flatten,
                    const std::vector<NewColumn>& columns) {
  for (Model& model : project.models) {
    if (model.name != flatten && model.from != flatten) {
      continue;
    }
    for (const NewColumn& column : columns) {
      if (model.Find(column.name) == nullptr) {
        Column added;
        added.name = column.name;
        added.type = column.type;
        added.description = column.description;
        added.source_field = model.name == flatten ? column.source_field : column.name;
        model.columns.push_back(std::move(added));
      }
    }
  }
  return project;
}

/// Holds the files against the project that they have to be.
Status Verify(const std::vector<ProjectFile>& files, const Project& wanted) {
  CALVE_ASSIGN(const Project got, ParseProject(files));
  const bool same = got.name == wanted.name &&
                    std::equal(got.models.begin(), got.models.end(),
                               wanted.models.begin(), wanted.models.end(), SameModel);
  return same ? Status{}
              : Error{ErrorKind::kUnsupported,
                      "the files cannot be edited so that nothing but the new columns "
                      "changes (an alias or an unusual layout of the columns?): add them "
                      "by hand"};
}

ProjectFile* FindFile(std::vector<ProjectFile>& files, const std::string& path) {
  const auto it = std::find_if(files.begin(), files.end(), [&](const ProjectFile& file) {
    return file.path == path;
  });
  return it == files.end() ? nullptr : &*it;
}

Result<std::vector<ProjectFile>> AppendAndVerify(const std::vector<ProjectFile>& files,
                                                 const std::string& flatten,
                                                 const std::vector<NewColumn>& columns) {
  CALVE_ASSIGN(const Project project, ParseProject(files));
  std::vector<ProjectFile> edited = files;
  std::vector<std::string> changed;  // paths, upstream first
  for (const Model& model : project.models) {
    for (const NewColumn& column : columns) {
      const bool concerned = model.name == flatten || model.from == flatten;
      if (!concerned || model.Find(column.name) != nullptr) {
        continue;
      }
      CALVE_TRY(Append(model, column, *FindFile(edited, model.file)));
      if (std::find(changed.begin(), changed.end(), model.file) == changed.end()) {
        changed.push_back(model.file);
      }
    }
  }
  CALVE_TRY(Verify(edited, WithColumns(project, flatten, columns)));
  std::vector<ProjectFile> result;
  for (const std::string& path : changed) {
    result.push_back(*FindFile(edited, path));
  }
  return result;
}

}  // namespace

Result<std::vector<ProjectFile>> AppendColumns(const std::vector<ProjectFile>& files,
                                               const std::string& flatten,
                                               const std::vector<NewColumn>& columns) {
  try {
    return AppendAndVerify(files, flatten, columns);
  } catch (const std::exception& problem) {  // yaml-cpp's, while nodes are read.
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("the dbt project cannot be read; correct its YAML: {}",
                             problem.what())};
  }
}

}  // namespace calve::contract
