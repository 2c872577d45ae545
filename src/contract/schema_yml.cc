#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/column_yml_internal.h"
#include "contract/nearest_internal.h"
#include "contract/schema_yml_internal.h"

namespace calve::contract {
namespace {

template <typename T>
struct Choice {
  const char* text;
  T value;
};

constexpr Choice<ModelKind> kKinds[] = {{"dedupe", ModelKind::kDedupe},
                                        {"flatten", ModelKind::kFlatten},
                                        {"current", ModelKind::kCurrent},
                                        {"history", ModelKind::kHistory}};
constexpr Choice<SchemaEvolution> kEvolutions[] = {
    {"propagate", SchemaEvolution::kPropagate},
    {"contract", SchemaEvolution::kContract},
    {"fail", SchemaEvolution::kFail}};
constexpr Choice<OnViolation> kOnViolations[] = {{"quarantine", OnViolation::kQuarantine},
                                                 {"fail", OnViolation::kFail}};
constexpr Choice<EventOrder> kOrders[] = {
    {"audit_timestamp, audit_event_id", EventOrder::kTimestampThenId},
    {"audit_event_id", EventOrder::kId}};

/// Reads the value `text` of the key `key`, one of `choices`, into `out`.
template <typename T, size_t N>
Status Choose(const YamlAt& at, const std::string& text, const Choice<T> (&choices)[N],
              T& out) {
  std::vector<std::string> valid;
  for (const Choice<T>& choice : choices) {
    if (text == choice.text) {
      out = choice.value;
      return {};
    }
    valid.emplace_back(choice.text);
  }
  return ErrorAt(at, fmt::format("`{}` is none of {}; the nearest is `{}`", text,
                                 fmt::join(valid, " | "), Nearest(text, valid)));
}

/// The keys of meta.calve that a kind of model has a use for.
std::vector<std::string> KeysOf(ModelKind kind) {
  std::vector<std::string> keys{"kind", "from", "on_violation", "format_version"};
  if (kind != ModelKind::kDedupe) {
    keys.emplace_back("schema_evolution");
  }
  if (kind == ModelKind::kFlatten) {
    keys.emplace_back("source_table");
  }
  if (kind == ModelKind::kCurrent || kind == ModelKind::kHistory) {
    keys.emplace_back("key");
    keys.emplace_back("order_by");
  }
  return keys;
}

Status ReadFormatVersion(const YamlAt& at, Model& model) {
  if (!at.defined()) {
    return {};
  }
  if (at.Text() != "2" && at.Text() != "3") {
    return ErrorAt(at,
                   fmt::format("format_version must be 2 or 3, and is `{}`", at.Text()));
  }
  model.format_version = at.Text() == "3" ? 3 : 2;
  return {};
}

Status ReadSettings(const YamlAt& calve, Model& model) {
  if (const YamlAt at = calve["schema_evolution"]; at.defined()) {
    CALVE_TRY(Choose(at, at.Text(), kEvolutions, model.schema_evolution));
  }
  if (const YamlAt at = calve["on_violation"]; at.defined()) {
    CALVE_TRY(Choose(at, at.Text(), kOnViolations, model.on_violation));
  }
  if (const YamlAt at = calve["order_by"]; at.defined()) {
    const std::string columns = fmt::format("{}", fmt::join(at.Texts(), ", "));
    CALVE_TRY(Choose(at, columns, kOrders, model.order));
  }
  return ReadFormatVersion(calve["format_version"], model);
}

/// Reads `meta.calve` of the model; what must be there for its kind is there afterwards.
Status ReadMeta(const YamlAt& calve, Model& model) {
  const std::string owner = fmt::format("model {}", model.name);
  const YamlAt kind = calve["kind"];
  if (!calve.node.IsMap() || !kind.defined()) {
    return ErrorAt(calve,
                   fmt::format("{}: meta.calve has no kind; give it `kind: dedupe | "
                               "flatten | current | history`",
                               owner));
  }
  CALVE_TRY(Choose(kind, kind.Text(), kKinds, model.kind));
  CALVE_TRY(CheckCalveKeys(calve, KeysOf(model.kind), owner));
  model.from = calve["from"].Text();
  model.source_table = calve["source_table"].Text();
  model.key = calve["key"].Texts();
  if (model.from.empty()) {
    return ErrorAt(calve,
                   fmt::format("{}: meta.calve has no `from`; name the upstream", owner));
  }
  if (model.kind == ModelKind::kFlatten &&
      model.source_table.find('.') == std::string::npos) {
    return ErrorAt(calve, fmt::format("{}: source_table must be schema.table, as in "
                                      "`public.orders`, and is `{}`",
                                      owner, model.source_table));
  }
  const bool keyed =
      model.kind == ModelKind::kCurrent || model.kind == ModelKind::kHistory;
  if (keyed && model.key.empty()) {
    return ErrorAt(
        calve, fmt::format("{}: meta.calve has no `key`; name the key columns", owner));
  }
  return ReadSettings(calve, model);
}

Status AddColumn(const YamlAt& item, Model& model) {
  CALVE_ASSIGN(Column column, ReadColumn(item, model.name));
  if (const Column* twin = model.Find(column.name)) {
    return ErrorAt(item,
                   fmt::format("model {}: column {} stands twice, first in line {}; "
                               "keep one",
                               model.name, column.name, twin->line));
  }
  model.columns.push_back(std::move(column));
  return {};
}

Status AddChecks(const YamlAt& entry, Model& model) {
  CALVE_ASSIGN(std::vector<Check> checks,
               ReadChecks(entry, fmt::format("model {}", model.name)));
  std::move(checks.begin(), checks.end(), std::back_inserter(model.checks));
  return {};
}

/// Reads columns and checks. \return whether all of them can be read
bool ReadColumns(const YamlAt& entry, Model& model, Problems& problems) {
  bool whole = problems.Check(AddChecks(entry, model));
  model.left_to_dbt = ReadModelTests(entry);
  const std::vector<YamlAt> items = entry["columns"].Items();
  for (const YamlAt& item : items) {
    whole = problems.Check(AddColumn(item, model)) && whole;
    whole = problems.Check(AddChecks(item, model)) && whole;
  }
  if (items.empty()) {
    problems.Add(ErrorAt(
        entry,
        fmt::format("model {} has no columns; list them with their types", model.name)));
  }
  return whole && !items.empty();
}

/// The entry's own setting, below `config` or beside it.
YamlAt Setting(const YamlAt& entry, const char* key) {
  const YamlAt below_config = entry["config"][key];
  return below_config.defined() ? below_config : entry[key];
}

Status ReadPlace(const YamlAt& entry, const FolderConfig& folder,
                 const std::vector<std::string>& folders, Model& model) {
  const YamlAt schema = entry["config"]["schema"];
  if (schema.defined()) {
    model.layer = schema.Text();
  } else if (folder.schema) {
    model.layer = *folder.schema;
  } else if (!folders.empty()) {
    model.layer = folders.front();
  }
  if (model.layer.empty()) {
    return ErrorAt(entry, fmt::format("model {} has no layer; put its file below "
                                      "models/<layer>/ or set `config: {{schema: …}}`",
                                      model.name));
  }
  const YamlAt enforced = entry["config"]["contract"]["enforced"];
  if (!(enforced.defined() ? enforced.IsTrue() : folder.contract_enforced)) {
    return ErrorAt(entry,
                   fmt::format("model {}: its contract is not enforced; set `config: "
                               "{{contract: {{enforced: true}}}}`",
                               model.name));
  }
  model.tags = folder.tags;
  for (const std::string& tag : Setting(entry, "tags").Texts()) {
    model.tags.push_back(tag);
  }
  return {};
}

}  // namespace

std::vector<Model> ReadModels(const YamlAt& file, const ProjectSettings& settings,
                              Problems& problems) {
  std::vector<Model> models;
  const std::vector<std::string> folders = FoldersOf(*file.file);
  const FolderConfig folder = ConfigOf(settings, folders);
  for (const YamlAt& entry : file["models"].Items()) {
    const YamlAt calve = CalveMeta(entry);
    if (!calve.defined()) {
      continue;
    }
    Model model;
    model.name = entry["name"].Text();
    model.file = *file.file;
    model.line = entry.line();
    model.description = entry["description"].Text();
    if (model.name.empty()) {
      problems.Add(ErrorAt(entry, "a model has no name; give it `name`"));
      continue;
    }
    bool whole = problems.Check(ReadMeta(calve, model));
    whole = problems.Check(ReadPlace(entry, folder, folders, model)) && whole;
    whole = ReadColumns(entry, model, problems) && whole;
    if (!whole) {
      problems.MarkBroken(model.name);
    }
    models.push_back(std::move(model));
  }
  return models;
}

std::vector<Source> ReadSources(const YamlAt& file) {
  std::vector<Source> sources;
  for (const YamlAt& group : file["sources"].Items()) {
    const YamlAt schema = group["schema"];
    const std::string name_space =
        schema.defined() ? schema.Text() : group["name"].Text();
    for (const YamlAt& table : group["tables"].Items()) {
      const YamlAt identifier = table["identifier"];
      sources.push_back(
          {identifier.defined() ? identifier.Text() : table["name"].Text(), name_space});
    }
  }
  return sources;
}

}  // namespace calve::contract
