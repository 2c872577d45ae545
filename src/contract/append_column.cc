#include "contract/append_column.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/yaml_internal.h"

namespace calve::contract {
namespace {

/// A line of a text, with its end.
struct Line {
  size_t begin;
  size_t end;   // before the line's end
  size_t next;  // after it
};

std::vector<Line> LinesOf(std::string_view text) {
  std::vector<Line> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin);
    const size_t next = newline == std::string_view::npos ? text.size() : newline + 1;
    size_t end = newline == std::string_view::npos ? text.size() : newline;
    end -= end > begin && text[end - 1] == '\r' ? 1 : 0;
    lines.push_back({begin, end, next});
    begin = next;
  }
  return lines;
}

/// A text as a YAML scalar between double quotes.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

/// The path that names a member, `$['Sum']`; nothing if no path can.
std::optional<std::string> PathOf(std::string_view member) {
  if (member.empty() || member.find_first_of("'\"\\") != std::string_view::npos) {
    return std::nullopt;
  }
  return fmt::format("$['{}']", member);
}

/// A column's name as a YAML scalar: some plain words are booleans or nulls.
std::string NameScalar(const std::string& name) {
  constexpr std::string_view kWords[] = {"y",   "n",    "yes",   "no",  "on",
                                         "off", "true", "false", "null"};
  const bool is_word =
      std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords);
  return is_word ? Quoted(name) : name;
}

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

/// Where the entries of a list of columns stand.
struct ColumnList {
  size_t dash = 0;       // columns before the dash
  size_t content = 0;    // columns before the entry's keys
  size_t last_line = 0;  // the first line of the last entry
};

std::optional<ColumnList> FindList(std::string_view text, const std::vector<Line>& lines,
                                   const YamlAt& columns) {
  const std::vector<YamlAt> items = columns.Items();
  if (items.empty() || columns.node.Style() == YAML::EmitterStyle::Flow) {
    return std::nullopt;
  }
  const YAML::Mark mark = items.back().node.Mark();
  if (mark.line < 0 || static_cast<size_t>(mark.line) >= lines.size()) {
    return std::nullopt;
  }
  const Line& line = lines[static_cast<size_t>(mark.line)];
  const std::string_view content = text.substr(line.begin, line.end - line.begin);
  const size_t dash = content.find_first_not_of(' ');
  if (dash == std::string_view::npos || content[dash] != '-') {
    return std::nullopt;
  }
  const size_t key = content.find_first_not_of(' ', dash + 1);
  if (key == std::string_view::npos || key != static_cast<size_t>(mark.column)) {
    return std::nullopt;
  }
  return ColumnList{dash, key, static_cast<size_t>(mark.line)};
}

/// The line after the last one of the entry that starts at `list.last_line`: what is
/// indented deeper belongs to it; comments and blank lines behind it do not.
size_t EndOfEntry(std::string_view text, const std::vector<Line>& lines,
                  const ColumnList& list) {
  size_t end = list.last_line + 1;
  for (size_t i = end; i < lines.size(); ++i) {
    const std::string_view line =
        text.substr(lines[i].begin, lines[i].end - lines[i].begin);
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos) {
      continue;
    }
    if (indent > list.dash) {
      end = i + 1;
    } else if (line[indent] != '#') {
      break;
    }
  }
  return end;
}

std::string Joined(const std::vector<std::string>& entry, const ColumnList& list,
                   std::string_view line_end) {
  std::string text;
  for (size_t i = 0; i < entry.size(); ++i) {
    std::string indent(list.content, ' ');
    if (i == 0) {
      indent[list.dash] = '-';
    }
    text += indent + entry[i] + std::string(line_end);
  }
  return text;
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
  const std::vector<Line> lines = LinesOf(file.text);
  const auto list = FindList(file.text, lines, columns);
  const bool is_alias = columns.line() < entry_of_model.line();
  if (!list || is_alias) {
    return ByHand(file, columns.line(), model.name, entry);
  }
  const size_t end_line = EndOfEntry(file.text, lines, *list);
  const Line& before = lines[end_line - 1];
  const std::string line_end =
      file.text.find("\r\n") == std::string::npos ? "\n" : "\r\n";
  std::string text = Joined(entry, *list, line_end);
  if (before.next == before.end) {  // The file's last line has no end.
    text = line_end + text.substr(0, text.size() - line_end.size());
  }
  file.text = file.text.substr(0, before.next) + text + file.text.substr(before.next);
  return {};
}

bool SameModel(const Model& a, const Model& b) {
  const auto same_column = [](const Column& one, const Column& other) {
    return one.SaysTheSameAs(other);
  };
  return a.name == b.name && a.layer == b.layer && a.kind == b.kind && a.from == b.from &&
         a.source_table == b.source_table && a.key == b.key && a.order == b.order &&
         a.schema_evolution == b.schema_evolution && a.on_violation == b.on_violation &&
         a.format_version == b.format_version && a.tags == b.tags &&
         a.description == b.description && a.checks == b.checks && a.file == b.file &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(),
                    b.columns.end(), same_column);
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
