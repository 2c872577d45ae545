#include "contract/add_table.h"

#include <algorithm>
#include <exception>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/yaml_edit_internal.h"

namespace calve::contract {
namespace {

using Lines = std::vector<std::string>;

/// A column that every model of the kind has, whatever the table.
struct EventColumn {
  const char* name;
  const char* type;
  const char* description;
};

constexpr const char* kTimestamp = "timestamp(6) with time zone";

constexpr EventColumn kEventColumns[] = {
    {"ingested_at", kTimestamp, "When the event was landed."},
    {"source_file", "varchar", "The landing file that the event came from."},
    {"audit_event_id", "bigint", "The event's number in the audit log."},
    {"audit_operation", "varchar", "What was done to the row; I, U or D."},
    {"audit_timestamp", kTimestamp, "When the source recorded the event."},
    {"tbl_schema", "varchar", "The schema of the table that was changed."},
    {"tbl_name", "varchar", "The table that was changed."}};
constexpr EventColumn kValidFrom = {"valid_from", kTimestamp,
                                    "From when on this version was true."};
constexpr EventColumn kHistoryColumns[] = {
    {"valid_to", kTimestamp, "Until when this version was true; null for the last."},
    {"is_current", "boolean", "Whether this is the last version of the row."},
    {"is_deleted", "boolean", "Whether this version says that the row was deleted."}};

void Append(Lines& lines, Lines more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

/// The lines of a column's entry, dash and all.
Lines Entry(const std::string& name, const std::string& type,
            const std::string& description, const Lines& tests) {
  Lines lines{"  - name: " + NameScalar(name), "    data_type: " + type,
              "    description: " + Quoted(description)};
  if (!tests.empty()) {
    lines.emplace_back("    data_tests:");
    for (const std::string& test : tests) {
      lines.push_back("      - " + test);
    }
  }
  return lines;
}

Lines Entry(const EventColumn& column, const Lines& tests = {}) {
  return Entry(column.name, column.type, column.description, tests);
}

bool IsKey(const DraftTable& table, const DraftColumn& column) {
  return std::find(table.key.begin(), table.key.end(), column.name) != table.key.end();
}

/// The names of the models, and what they are made from.
struct Names {
  std::string staged;  // the dedupe model
  std::string flattened;
  std::string current;
  std::string history;
};

Lines Head(const std::string& name, const std::string& description, const Lines& meta) {
  Lines lines{"name: " + name, "description: " + Quoted(description),
              "config:",       "  contract: {enforced: true}",
              "  meta:",       "    calve:"};
  for (const std::string& line : meta) {
    lines.push_back("      " + line);
  }
  lines.emplace_back("columns:");
  return lines;
}

Lines FlattenEntry(const DraftTable& table, const Names& names) {
  Lines lines = Head(names.flattened,
                     fmt::format("Every event of {}, deletes too, its payload in typed "
                                 "columns.",
                                 table.source_table),
                     {"kind: flatten", "from: " + names.staged,
                      "source_table: " + Quoted(table.source_table),
                      "schema_evolution: propagate", "on_violation: quarantine"});
  for (const EventColumn& column : kEventColumns) {
    const std::string_view name = column.name;
    Append(lines, Entry(column, name == "audit_event_id" ? Lines{"not_null", "unique"}
                                : name == "audit_operation"
                                    ? Lines{"accepted_values: {arguments: {values: "
                                            "[I, U, D]}}"}
                                    : Lines{}));
  }
  for (const DraftColumn& column : table.columns) {
    Lines tests;
    if (column.not_null || IsKey(table, column)) {
      tests.emplace_back("not_null");
    }
    if (!column.accepted_values.empty()) {
      Lines values;
      for (const std::string& value : column.accepted_values) {
        values.push_back(Quoted(value));
      }
      tests.push_back(fmt::format("accepted_values: {{arguments: {{values: [{}]}}}}",
                                  fmt::join(values, ", ")));
    }
    Lines entry =
        Entry(column.name, ColumnTypeName(column.type), column.description, tests);
    if (column.source_field != column.name) {
      entry.insert(entry.begin() + 3,
                   fmt::format("    config: {{meta: {{calve: {{path: {}}}}}}}",
                               Quoted(PathOf(column.source_field).value_or(""))));
    }
    Append(lines, std::move(entry));
  }
  return lines;
}

Lines MartMeta(const char* kind, const DraftTable& table, const Names& names) {
  return {std::string("kind: ") + kind, "from: " + names.flattened,
          fmt::format("key: [{}]", fmt::join(table.key, ", ")),
          "order_by: [audit_timestamp, audit_event_id]"};
}

void AppendPayload(const DraftTable& table, const Lines& key_tests, Lines& lines) {
  for (const DraftColumn& column : table.columns) {
    Append(lines, Entry(column.name, ColumnTypeName(column.type), column.description,
                        IsKey(table, column) ? key_tests : Lines{}));
  }
}

Lines CurrentEntry(const DraftTable& table, const Names& names) {
  Lines lines = Head(names.current,
                     table.description.empty()
                         ? fmt::format("The latest version of each row of {}; deleted "
                                       "rows are absent.",
                                       table.source_table)
                         : table.description,
                     MartMeta("current", table, names));
  for (const EventColumn& column : kEventColumns) {
    Append(lines, Entry(column));
  }
  AppendPayload(table,
                table.key.size() == 1 ? Lines{"not_null", "unique"} : Lines{"not_null"},
                lines);
  return lines;
}

Lines HistoryEntry(const DraftTable& table, const Names& names) {
  Lines lines = Head(names.history,
                     fmt::format("Every version of each row of {}, one row per event.",
                                 table.source_table),
                     MartMeta("history", table, names));
  for (const EventColumn& column : kEventColumns) {
    const bool is_time = std::string_view(column.name) == "audit_timestamp";
    Append(lines, is_time ? Entry(kValidFrom, {"not_null"}) : Entry(column));
  }
  AppendPayload(table, {"not_null"}, lines);
  for (const EventColumn& column : kHistoryColumns) {
    const bool may_be_null = std::string_view(column.name) == "valid_to";
    Append(lines, Entry(column, may_be_null ? Lines{} : Lines{"not_null"}));
  }
  return lines;
}

/// A model's SQL file: the package's macro over what it is made from. dbt orders models,
/// and draws its graph, by the ref().
std::string MacroCall(const char* macro, const std::string& upstream) {
  return fmt::format("{{{{ calve.{}(ref('{}')) }}}}", macro, upstream);
}

/// Writes the models of one table into a project's files.
class Writer {
 public:
  Writer(const std::vector<ProjectFile>& files, const Project& project,
         const DraftTable& table)
      : files_(files), project_(project), table_(table) {}

  Result<AddedTable> Write() {
    CALVE_ASSIGN(const Model* staged, FindStaged());
    CALVE_TRY(CheckTable());
    const Names names{
        .staged = staged->name,
        .flattened = fmt::format("{}_{}_flattened", staged->name, table_.name),
        .current = table_.name,
        .history = table_.name + "_history_scd2"};
    const std::string marts = MartsFile(*staged);
    CALVE_TRY(Add(staged->file, names.flattened, FlattenEntry(table_, names),
                  MacroCall("flatten", names.staged)));
    CALVE_TRY(Add(marts, names.current, CurrentEntry(table_, names),
                  MacroCall("current_state", names.flattened)));
    CALVE_TRY(Add(marts, names.history, HistoryEntry(table_, names),
                  MacroCall("history_scd2", names.flattened)));
    CALVE_TRY(Verify());
    return std::move(added_);
  }

 private:
  Result<const Model*> FindStaged() const {
    const Model* found = nullptr;
    int count = 0;
    for (const Model& model : project_.models) {
      if (model.kind == ModelKind::kDedupe) {
        found = &model;
        ++count;
      }
    }
    if (count != 1) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("the dbt project {} has {} models of kind dedupe; a table "
                               "is added to a project with one",
                               project_.name, count)};
    }
    return found;
  }

  Status CheckTable() const {
    for (const Model& model : project_.models) {
      if (model.source_table == table_.source_table) {
        return Error{ErrorKind::kInvalidArgument,
                     fmt::format("{}:{}: model {} is made from {} already", model.file,
                                 model.line, model.name, table_.source_table)};
      }
    }
    if (table_.key.empty()) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("{} has no primary key; name its key by --key",
                               table_.source_table)};
    }
    return {};
  }

  /// The file that marts stand in; where there is none, beside the staging models' in a
  /// folder of the marts.
  std::string MartsFile(const Model& staged) const {
    for (const Model& model : project_.models) {
      if (model.kind == ModelKind::kCurrent) {
        return model.file;
      }
    }
    std::string path = staged.file;
    const size_t at = path.find("/staging/");
    return at == std::string::npos ? "models/marts/schema.yml"
                                   : path.replace(at, 9, "/marts/");
  }

  /// The file as it stands so far; empty text if it is not there.
  ProjectFile Current(const std::string& path) const {
    for (const auto* all : {&added_.files, &files_}) {
      for (const ProjectFile& file : *all) {
        if (file.path == path) {
          return file;
        }
      }
    }
    return {path, ""};
  }

  void Put(ProjectFile file) {
    for (ProjectFile& known : added_.files) {
      if (known.path == file.path) {
        known = std::move(file);
        return;
      }
    }
    added_.files.push_back(std::move(file));
  }

  Status Add(const std::string& path, const std::string& name, const Lines& entry,
             const std::string& sql) {
    if (project_.Find(name) != nullptr) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("the project has a model {} already", name)};
    }
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    if (!TryAppend(path, entry)) {
      const std::string own = folder + table_.name + ".yml";
      if (!TryAppend(own, entry)) {
        return Error{ErrorKind::kInvalidArgument,
                     fmt::format("{} is there and can't be added to", own)};
      }
    }
    Put({folder + name + ".sql", sql + "\n"});
    added_.models.push_back(name);
    return {};
  }

  bool TryAppend(const std::string& path, const Lines& entry) {
    ProjectFile file = Current(path);
    if (file.text.empty()) {
      file.text = "version: 2\n\nmodels:\n";
      for (size_t i = 0; i < entry.size(); ++i) {
        file.text += (i == 0 ? "  - " : "    ") + entry[i] + "\n";
      }
      Put(std::move(file));
      return true;
    }
    const auto root = LoadYaml(file.path, file.text);
    const auto text = root ? AppendItem(file.text, (*root)["models"], entry,
                                        /*apart=*/true)
                           : std::nullopt;
    if (text) {
      Put({file.path, *text});
    }
    return text.has_value();
  }

  /// Holds the files against the former project and the new models.
  Status Verify() const {
    std::vector<ProjectFile> files = files_;
    for (const ProjectFile& file : added_.files) {
      const auto it =
          std::find_if(files.begin(), files.end(),
                       [&](const ProjectFile& known) { return known.path == file.path; });
      if (it != files.end()) {
        it->text = file.text;
      } else {
        files.push_back(file);
      }
    }
    CALVE_ASSIGN(const Project got, ParseProject(files));
    for (const Model& model : project_.models) {
      const Model* now = got.Find(model.name);
      if (now == nullptr || !SameModel(*now, model)) {
        return Error{ErrorKind::kUnsupported,
                     fmt::format("{} can't be added to without changing model {} (an "
                                 "unusual layout?): add the models by hand",
                                 model.file, model.name)};
      }
    }
    return {};
  }

  const std::vector<ProjectFile>& files_;  // All outlive this.
  const Project& project_;
  const DraftTable& table_;
  AddedTable added_;
};

}  // namespace

bool HasPath(const std::string& member) {
  return PathOf(member).has_value();
}

Result<AddedTable> AddTable(const std::vector<ProjectFile>& files,
                            const DraftTable& table) {
  try {
    CALVE_ASSIGN(const Project project, ParseProject(files));
    return Writer(files, project, table).Write();
  } catch (const std::exception& problem) {  // yaml-cpp's, while nodes are read.
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("the dbt project cannot be read; correct its YAML: {}",
                             problem.what())};
  }
}

}  // namespace calve::contract
