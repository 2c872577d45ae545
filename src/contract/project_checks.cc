#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/nearest_internal.h"
#include "contract/project_checks_internal.h"
#include "contract/yaml_internal.h"

namespace calve::contract {
namespace {

struct Needed {
  const char* column;
  TypeKind type;
};

/// The landing table's columns, which staging models hold under the same names.
constexpr Needed kLanded[] = {{"ingested_at", TypeKind::kTimestampTz},
                              {"source_file", TypeKind::kVarchar},
                              {"audit_event_id", TypeKind::kBigint},
                              {"audit_operation", TypeKind::kVarchar},
                              {"audit_timestamp", TypeKind::kTimestampTz},
                              {"tbl_schema", TypeKind::kVarchar},
                              {"tbl_name", TypeKind::kVarchar},
                              {"raw_data", TypeKind::kVarchar}};
/// What "latest" and "next" are decided by, and what tables are partitioned by.
constexpr Needed kFlattenNeeds[] = {{"ingested_at", TypeKind::kTimestampTz},
                                    {"audit_event_id", TypeKind::kBigint},
                                    {"audit_operation", TypeKind::kVarchar},
                                    {"audit_timestamp", TypeKind::kTimestampTz}};
constexpr Needed kCurrentNeeds[] = {{"audit_event_id", TypeKind::kBigint},
                                    {"audit_timestamp", TypeKind::kTimestampTz}};
constexpr Needed kHistoryNeeds[] = {{"audit_event_id", TypeKind::kBigint},
                                    {"valid_from", TypeKind::kTimestampTz},
                                    {"valid_to", TypeKind::kTimestampTz},
                                    {"is_current", TypeKind::kBoolean},
                                    {"is_deleted", TypeKind::kBoolean}};

Error ModelError(const Model& model, int line, std::string_view message) {
  return ErrorAt(model.file, line, fmt::format("model {}: {}", model.name, message));
}

const Needed* FindNeeded(std::span<const Needed> all, std::string_view column) {
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](const Needed& one) { return one.column == column; });
  return it == all.end() ? nullptr : &*it;
}

/// `raw_data` is the payload itself, never a column that flatten copies.
bool IsCopiedByFlatten(std::string_view column) {
  return column != "raw_data" && FindNeeded(kLanded, column) != nullptr;
}

std::vector<std::string> ColumnNames(const Model& model) {
  std::vector<std::string> names;
  for (const Column& column : model.columns) {
    names.push_back(column.name);
  }
  return names;
}

Status CheckType(const Model& model, const Column& column, TypeKind type) {
  if (column.type.kind == type) {
    return {};
  }
  return ModelError(model, column.line,
                    fmt::format("column {} must be {}, and is {}", column.name,
                                ColumnTypeName({type}), ColumnTypeName(column.type)));
}

Status CheckNeeds(const Model& model, std::span<const Needed> needs) {
  for (const Needed& need : needs) {
    const Column* column = model.Find(need.column);
    if (column == nullptr) {
      return ModelError(model, model.line,
                        fmt::format("column {} is missing; add it as {}", need.column,
                                    ColumnTypeName({need.type})));
    }
    CALVE_TRY(CheckType(model, *column, need.type));
  }
  return {};
}

Status CheckNoPaths(const Model& model) {
  for (const Column& column : model.columns) {
    if (column.source_field != column.name) {
      return ModelError(model, column.line,
                        fmt::format("column {} has a path, which only a flatten model "
                                    "reads; remove it here",
                                    column.name));
    }
  }
  return {};
}

Status CheckDedupe(const Model& model) {
  CALVE_TRY(CheckNoPaths(model));
  CALVE_TRY(CheckNeeds(model, kLanded));
  for (const Column& column : model.columns) {
    if (FindNeeded(kLanded, column.name) == nullptr) {
      return ModelError(
          model, column.line,
          fmt::format("column {} is not in the landing table; remove it", column.name));
    }
  }
  return {};
}

Status CheckFlatten(const Model& model) {
  CALVE_TRY(CheckNeeds(model, kFlattenNeeds));
  std::map<std::string_view, const Column*> by_member;
  for (const Column& column : model.columns) {
    if (IsCopiedByFlatten(column.name)) {
      CALVE_TRY(CheckType(model, column, FindNeeded(kLanded, column.name)->type));
      if (column.source_field != column.name) {
        return ModelError(
            model, column.line,
            fmt::format("column {} is the event's own and cannot have a path; "
                        "remove it",
                        column.name));
      }
      continue;
    }
    const auto [it, added] = by_member.emplace(column.source_field, &column);
    if (!added) {
      return ModelError(
          model, column.line,
          fmt::format("columns {} and {} hold the same member `{}`; keep one",
                      it->second->name, column.name, column.source_field));
    }
  }
  return {};
}

Status CheckKey(const Model& model) {
  std::set<std::string_view> seen;
  for (const std::string& name : model.key) {
    const Column* column = model.Find(name);
    if (column == nullptr) {
      return ModelError(model, model.line,
                        fmt::format("key column {} is not among its columns; the nearest "
                                    "is `{}`",
                                    name, Nearest(name, ColumnNames(model))));
    }
    if (column->type.kind == TypeKind::kReal || column->type.kind == TypeKind::kDouble) {
      return ModelError(model, column->line,
                        fmt::format("key column {} is {}, which cannot be a key; use an "
                                    "integer, decimal, date, timestamp or varchar",
                                    name, ColumnTypeName(column->type)));
    }
    if (!seen.insert(name).second) {
      return ModelError(model, model.line,
                        fmt::format("key column {} stands twice; keep one", name));
    }
  }
  return {};
}

/// Every column of a mart, but those that its kind computes, is one of its upstream.
Status CheckMart(const Model& model, const Model& from,
                 std::span<const Needed> computed) {
  CALVE_TRY(CheckNoPaths(model));
  CALVE_TRY(CheckKey(model));
  for (const Column& column : model.columns) {
    if (FindNeeded(computed, column.name) != nullptr) {
      continue;
    }
    const Column* upstream = from.Find(column.name);
    if (upstream == nullptr) {
      return ModelError(
          model, column.line,
          fmt::format("column {} is not in {}; the nearest there is `{}`", column.name,
                      from.name, Nearest(column.name, ColumnNames(from))));
    }
    if (upstream->type != column.type) {
      return ModelError(model, column.line,
                        fmt::format("column {} is {} here and {} in {}; make them equal",
                                    column.name, ColumnTypeName(column.type),
                                    ColumnTypeName(upstream->type), from.name));
    }
  }
  return {};
}

Status CheckColumns(const Project& project, const Model& model) {
  switch (model.kind) {
    case ModelKind::kDedupe:
      return CheckDedupe(model);
    case ModelKind::kFlatten:
      return CheckFlatten(model);
    case ModelKind::kCurrent:
      CALVE_TRY(CheckNeeds(model, kCurrentNeeds));
      return CheckMart(model, *project.Find(model.from), {});
    case ModelKind::kHistory:
      CALVE_TRY(CheckNeeds(model, kHistoryNeeds));
      return CheckMart(model, *project.Find(model.from),
                       std::span(kHistoryNeeds).subspan(1));
  }
  return {};
}

/// How many sources go by the name that `from` gives.
int64_t CountSources(const Project& project, const std::string& from) {
  return std::count_if(project.sources.begin(), project.sources.end(),
                       [&](const Source& source) {
                         return source.name == from || source.table() == from;
                       });
}

Status CheckSource(const Project& project, const Model& model) {
  const int64_t matches = CountSources(project, model.from);
  if (matches == 1) {
    return {};
  }
  if (matches > 1) {
    return ModelError(
        model, model.line,
        fmt::format("from names several sources; write it as <schema>.{}", model.from));
  }
  std::vector<std::string> tables;
  for (const Source& source : project.sources) {
    tables.push_back(source.name);
  }
  return ModelError(model, model.line,
                    fmt::format("there is no source table {}; the nearest is `{}`",
                                model.from, Nearest(model.from, tables)));
}

const char* KindName(ModelKind kind) {
  switch (kind) {
    case ModelKind::kDedupe:
      return "dedupe";
    case ModelKind::kFlatten:
      return "flatten";
    case ModelKind::kCurrent:
      return "current";
    case ModelKind::kHistory:
      return "history";
  }
  return "unknown";
}

Status CheckFrom(const Project& project, const Model& model) {
  if (model.kind == ModelKind::kDedupe) {
    return CheckSource(project, model);
  }
  const Model* from = project.Find(model.from);
  if (from == nullptr) {
    std::vector<std::string> names;
    for (const Model& other : project.models) {
      names.push_back(other.name);
    }
    return ModelError(
        model, model.line,
        fmt::format("there is no model {} with meta.calve; the nearest is `{}`",
                    model.from, Nearest(model.from, names)));
  }
  const ModelKind wanted =
      model.kind == ModelKind::kFlatten ? ModelKind::kDedupe : ModelKind::kFlatten;
  if (from->kind != wanted) {
    return ModelError(model, model.line,
                      fmt::format("a {} model is made from a {} model, and {} is {}",
                                  KindName(model.kind), KindName(wanted), from->name,
                                  KindName(from->kind)));
  }
  return {};
}

Status CheckNoCycle(const Project& project, const Model& model) {
  std::vector<std::string_view> path{model.name};
  for (const Model* next = project.Upstream(model); next != nullptr;
       next = project.Upstream(*next)) {
    if (next == &model) {
      return ModelError(model, model.line,
                        fmt::format("it is made from itself: {} → {}; break the cycle",
                                    fmt::join(path, " → "), model.name));
    }
    if (path.size() > project.models.size()) {
      return {};  // A cycle further up; its own models tell.
    }
    path.push_back(next->name);
  }
  return {};
}

Status CheckNames(const Project& project) {
  std::map<std::string_view, const Model*> by_name;
  for (const Model& model : project.models) {
    const auto [it, added] = by_name.emplace(model.name, &model);
    if (!added) {
      return ModelError(model, model.line,
                        fmt::format("it stands twice, first in {}:{}; keep one",
                                    it->second->file, it->second->line));
    }
  }
  return {};
}

}  // namespace

Status CheckProject(const Project& project) {
  CALVE_TRY(CheckNames(project));
  for (const Model& model : project.models) {
    CALVE_TRY(CheckNoCycle(project, model));
  }
  for (const Model& model : project.models) {
    CALVE_TRY(CheckFrom(project, model));
  }
  for (const Model& model : project.models) {
    CALVE_TRY(CheckColumns(project, model));
  }
  return {};
}

}  // namespace calve::contract
