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

void CheckType(const Model& model, const Column& column, TypeKind type,
               Problems& problems) {
  if (column.type.kind != type) {
    problems.Add(
        ModelError(model, column.line,
                   fmt::format("column {} must be {}, and is {}", column.name,
                               ColumnTypeName({type}), ColumnTypeName(column.type))));
  }
}

void CheckNeeds(const Model& model, std::span<const Needed> needs, Problems& problems) {
  for (const Needed& need : needs) {
    if (const Column* column = model.Find(need.column)) {
      CheckType(model, *column, need.type, problems);
    } else {
      problems.Add(ModelError(model, model.line,
                              fmt::format("column {} is missing; add it as {}",
                                          need.column, ColumnTypeName({need.type}))));
    }
  }
}

void CheckNoPaths(const Model& model, Problems& problems) {
  for (const Column& column : model.columns) {
    if (column.source_field != column.name) {
      problems.Add(ModelError(model, column.line,
                              fmt::format("column {} has a path, which only a flatten "
                                          "model reads; remove it here",
                                          column.name)));
    }
  }
}

void CheckDedupe(const Model& model, Problems& problems) {
  CheckNoPaths(model, problems);
  CheckNeeds(model, kLanded, problems);
  for (const Column& column : model.columns) {
    if (FindNeeded(kLanded, column.name) == nullptr) {
      problems.Add(ModelError(
          model, column.line,
          fmt::format("column {} is not in the landing table; remove it", column.name)));
    }
  }
}

void CheckCopiedColumn(const Model& model, const Column& column, Problems& problems) {
  if (FindNeeded(kFlattenNeeds, column.name) == nullptr) {  // Else checked as needed.
    CheckType(model, column, FindNeeded(kLanded, column.name)->type, problems);
  }
  if (column.source_field != column.name) {
    problems.Add(ModelError(
        model, column.line,
        fmt::format("column {} is the event's own and cannot have a path; remove it",
                    column.name)));
  }
}

void CheckFlatten(const Model& model, Problems& problems) {
  CheckNeeds(model, kFlattenNeeds, problems);
  std::map<std::string_view, const Column*> by_member;
  for (const Column& column : model.columns) {
    if (IsCopiedByFlatten(column.name)) {
      CheckCopiedColumn(model, column, problems);
      continue;
    }
    const auto [it, added] = by_member.emplace(column.source_field, &column);
    if (!added) {
      problems.Add(
          ModelError(model, column.line,
                     fmt::format("columns {} and {} hold the same member `{}`; keep one",
                                 it->second->name, column.name, column.source_field)));
    }
  }
}

void CheckKeyColumn(const Model& model, const std::string& name, Problems& problems) {
  const Column* column = model.Find(name);
  if (column == nullptr) {
    problems.Add(ModelError(model, model.line,
                            fmt::format("key column {} is not among its columns; the "
                                        "nearest is `{}`",
                                        name, Nearest(name, ColumnNames(model)))));
  } else if (column->type.kind == TypeKind::kReal ||
             column->type.kind == TypeKind::kDouble) {
    problems.Add(
        ModelError(model, column->line,
                   fmt::format("key column {} is {}, which cannot be a key; use an "
                               "integer, decimal, date, timestamp or varchar",
                               name, ColumnTypeName(column->type))));
  }
}

void CheckKey(const Model& model, Problems& problems) {
  std::set<std::string_view> seen;
  for (const std::string& name : model.key) {
    CheckKeyColumn(model, name, problems);
    if (!seen.insert(name).second) {
      problems.Add(ModelError(model, model.line,
                              fmt::format("key column {} stands twice; keep one", name)));
    }
  }
}

void CheckMartColumn(const Model& model, const Column& column, const Model& from,
                     Problems& problems) {
  const Column* upstream = from.Find(column.name);
  if (upstream == nullptr) {
    problems.Add(ModelError(
        model, column.line,
        fmt::format("column {} is not in {}; the nearest there is `{}`", column.name,
                    from.name, Nearest(column.name, ColumnNames(from)))));
  } else if (upstream->type != column.type) {
    problems.Add(
        ModelError(model, column.line,
                   fmt::format("column {} is {} here and {} in {}; make them equal",
                               column.name, ColumnTypeName(column.type),
                               ColumnTypeName(upstream->type), from.name)));
  }
}

/// Every column of a mart, but those that its kind computes, is one of its upstream.
void CheckMart(const Model& model, const Model& from, std::span<const Needed> computed,
               Problems& problems) {
  CheckNoPaths(model, problems);
  CheckKey(model, problems);
  for (const Column& column : model.columns) {
    if (FindNeeded(computed, column.name) == nullptr) {
      CheckMartColumn(model, column, from, problems);
    }
  }
}

void CheckColumns(const Project& project, const Model& model, Problems& problems) {
  switch (model.kind) {
    case ModelKind::kDedupe:
      return CheckDedupe(model, problems);
    case ModelKind::kFlatten:
      return CheckFlatten(model, problems);
    case ModelKind::kCurrent:
      CheckNeeds(model, kCurrentNeeds, problems);
      return CheckMart(model, *project.Find(model.from), {}, problems);
    case ModelKind::kHistory:
      CheckNeeds(model, kHistoryNeeds, problems);
      return CheckMart(model, *project.Find(model.from),
                       std::span(kHistoryNeeds).subspan(1), problems);
  }
}

/// Whether a constant can be compared with a column of the type.
bool Fits(const Constant& constant, const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return constant.kind == ConstantKind::kBoolean;
    case TypeKind::kVarchar:
      return constant.kind == ConstantKind::kText;
    case TypeKind::kDate:
      return constant.kind == ConstantKind::kDate || constant.kind == ConstantKind::kText;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return constant.kind == ConstantKind::kTimestamp ||
             constant.kind == ConstantKind::kText;
    default:
      return constant.kind == ConstantKind::kNumber;
  }
}

void CheckCondition(const Model& model, const Check& check, const Condition& condition,
                    Problems& problems) {
  for (const Condition& child : condition.children) {
    CheckCondition(model, check, child, problems);
  }
  if (condition.column.empty()) {
    return;
  }
  const Column* column = model.Find(condition.column);
  if (column == nullptr) {
    problems.Add(ModelError(
        model, check.line,
        fmt::format("the check `{}` names column {}, which is not there; the nearest is "
                    "`{}`",
                    check.expression, condition.column,
                    Nearest(condition.column, ColumnNames(model)))));
  } else if (condition.kind == Condition::Kind::kCompare &&
             !Fits(condition.constant, column->type)) {
    problems.Add(ModelError(
        model, check.line,
        fmt::format("the check `{}` compares column {}, which is {}, with `{}`, which is "
                    "not; write a constant of that type",
                    check.expression, column->name, ColumnTypeName(column->type),
                    condition.constant.text)));
  }
}

/// What a model's tests say of its own columns and of other models.
void CheckTests(const Project& project, const Model& model, Problems& problems) {
  for (const Check& check : model.checks) {
    CheckCondition(model, check, check.condition, problems);
  }
  for (const Column& column : model.columns) {
    for (const Relationship& relationship : column.relationships) {
      const Model* to = project.Find(relationship.model);
      if (to != nullptr && to->Find(relationship.field) == nullptr &&
          !problems.IsBroken(to->name)) {
        problems.Add(ModelError(
            model, column.line,
            fmt::format("column {} refers to column {} of {}, which is not there; the "
                        "nearest is `{}`",
                        column.name, relationship.field, to->name,
                        Nearest(relationship.field, ColumnNames(*to)))));
      }
    }
  }
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

void CheckNames(const Project& project, Problems& problems) {
  std::map<std::string_view, const Model*> by_name;
  for (const Model& model : project.models) {
    const auto [it, added] = by_name.emplace(model.name, &model);
    if (!added) {
      problems.Add(ModelError(model, model.line,
                              fmt::format("it stands twice, first in {}:{}; keep one",
                                          it->second->file, it->second->line)));
      problems.MarkBroken(model.name);
    }
  }
}

/// Whether a model, or one that it is made from, could not be read or has no right place.
bool IsInDoubt(const Project& project, const Model& model, const Problems& problems) {
  const Model* at = &model;
  for (size_t steps = 0; at != nullptr && steps <= project.models.size(); ++steps) {
    if (problems.IsBroken(at->name)) {
      return true;
    }
    at = project.Upstream(*at);
  }
  return false;
}

}  // namespace

void CheckProject(const Project& project, Problems& problems) {
  CheckNames(project, problems);
  for (const Model& model : project.models) {
    if (!problems.Check(CheckNoCycle(project, model))) {
      problems.MarkBroken(model.name);
    }
  }
  for (const Model& model : project.models) {
    if (!problems.IsBroken(model.name) && !problems.Check(CheckFrom(project, model))) {
      problems.MarkBroken(model.name);
    }
  }
  for (const Model& model : project.models) {
    if (!IsInDoubt(project, model, problems)) {
      CheckColumns(project, model, problems);
      CheckTests(project, model, problems);
    }
  }
}

}  // namespace calve::contract
