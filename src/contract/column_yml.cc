#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/column_yml_internal.h"
#include "contract/nearest_internal.h"

namespace calve::contract {
namespace {

/// A test of a column: `not_null`, or `accepted_values: {values: […]}`, whose parameters
/// dbt 1.10 moved below `arguments`.
struct ColumnTest {
  std::string name;
  YamlAt parameters;  // undefined if there are none
};

std::optional<ColumnTest> ReadTest(const YamlAt& entry) {
  if (entry.node.IsScalar()) {
    return ColumnTest{entry.Text(), {YAML::Node(YAML::NodeType::Undefined), entry.file}};
  }
  if (const YamlAt name = entry["test_name"]; name.defined()) {
    return ColumnTest{name.Text(), entry};
  }
  const std::vector<YamlAt> keys = entry.Keys();
  if (keys.empty()) {
    return std::nullopt;
  }
  const std::string name = keys.front().Text();
  return ColumnTest{name, entry[name]};
}

YamlAt Argument(const ColumnTest& test, const std::string& name) {
  const YamlAt nested = test.parameters["arguments"][name];
  return nested.defined() ? nested : test.parameters[name];
}

/// Whether the test is a rule of every row: it fails the build, and no `where` narrows
/// it.
bool IsRule(const ColumnTest& test) {
  for (const YamlAt& place : {test.parameters["config"], test.parameters}) {
    if (place["where"].defined() || place["severity"].Text() == "warn" ||
        place["severity"].Text() == "WARN") {
      return false;
    }
  }
  return true;
}

/// What `ref('orders')` or `ref('package', 'orders')` names; empty for anything else.
std::string ReferredModel(std::string_view to) {
  const size_t open = to.find("ref(");
  const size_t end = to.find_last_of("'\"");
  if (open == std::string_view::npos || end == std::string_view::npos) {
    return "";
  }
  const size_t begin = to.substr(0, end).find_last_of("'\"");
  return begin == std::string_view::npos || begin < open
             ? ""
             : std::string(to.substr(begin + 1, end - begin - 1));
}

Status ApplyRelationship(const ColumnTest& test, const YamlAt& at, Column& column) {
  Relationship relationship{.to = Argument(test, "to").Text(),
                            .model = "",
                            .field = Argument(test, "field").Text()};
  if (relationship.to.empty() || relationship.field.empty()) {
    return ErrorAt(at, fmt::format("relationships of column {} needs `to: ref('model')` "
                                   "and `field: column`",
                                   column.name));
  }
  relationship.model = ReferredModel(relationship.to);
  column.relationships.push_back(std::move(relationship));
  return {};
}

Status ApplyTest(const ColumnTest& test, const YamlAt& at, Column& column) {
  if (!IsRule(test)) {
    column.left_to_dbt.push_back(test.name);
    return {};
  }
  if (test.name == "not_null") {
    column.not_null = true;
  } else if (test.name == "unique") {
    column.unique = true;
  } else if (test.name == "relationships") {
    return ApplyRelationship(test, at, column);
  } else if (test.name == "accepted_values") {
    column.accepted_values = Argument(test, "values").Texts();
    if (column.accepted_values.empty()) {
      return ErrorAt(at, fmt::format("accepted_values of column {} lists no values; give "
                                     "`values: [...]`",
                                     column.name));
    }
  } else {
    column.left_to_dbt.push_back(test.name);
  }
  return {};
}

Status ReadTests(const YamlAt& entry, Column& column) {
  for (const char* list : {"tests", "data_tests"}) {
    for (const YamlAt& item : entry[list].Items()) {
      if (const auto test = ReadTest(item)) {
        CALVE_TRY(ApplyTest(*test, item, column));
      }
    }
  }
  for (const YamlAt& constraint : entry["constraints"].Items()) {
    const std::string type = constraint["type"].Text();
    column.not_null = column.not_null || type == "not_null" || type == "primary_key";
    column.unique = column.unique || type == "unique" || type == "primary_key";
    if (type == "foreign_key" || type == "custom") {
      column.left_to_dbt.push_back(type);
    }
  }
  return {};
}

/// The member that a path names: `$.sum`, `$['sum']` or `$["sum"]`; nullopt for any
/// other.
std::optional<std::string> MemberOf(std::string_view path) {
  if (path.starts_with("$.")) {
    const std::string_view name = path.substr(2);
    const bool plain =
        !name.empty() && name.find_first_of(".[]*'\"") == std::string_view::npos;
    return plain ? std::optional<std::string>(name) : std::nullopt;
  }
  const bool quoted = path.size() > 6 && path.starts_with("$[") && path.ends_with("]") &&
                      (path[2] == '\'' || path[2] == '"') &&
                      path[path.size() - 2] == path[2];
  if (!quoted) {
    return std::nullopt;
  }
  const std::string_view name = path.substr(3, path.size() - 5);
  const bool plain = name.find_first_of("'\"\\") == std::string_view::npos;
  return plain ? std::optional<std::string>(name) : std::nullopt;
}

Status ReadPath(const YamlAt& entry, const std::string& owner, Column& column) {
  const YamlAt calve = CalveMeta(entry);
  if (!calve.defined()) {
    return {};
  }
  CALVE_TRY(CheckCalveKeys(calve, {"path"}, owner));
  const YamlAt path = calve["path"];
  if (!path.defined()) {
    return {};
  }
  const auto member = MemberOf(path.Text());
  if (!member) {
    return ErrorAt(path, fmt::format("{}: path must name one member of the payload, as "
                                     "in `$.sum` or `$['sum']`, and is `{}`",
                                     owner, path.Text()));
  }
  column.source_field = *member;
  return {};
}

bool HasUpperCase(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// `order_sum >= 0` as part of a test's name: `order_sum_0`.
std::string NameOf(std::string_view expression) {
  std::string name;
  for (const char c : expression) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == '_';
    if (plain || !name.ends_with('_')) {
      name += plain ? c : '_';
    }
  }
  return name;
}

}  // namespace

std::vector<std::string> ReadModelTests(const YamlAt& entry) {
  std::vector<std::string> names;
  for (const char* list : {"tests", "data_tests"}) {
    for (const YamlAt& item : entry[list].Items()) {
      if (const auto test = ReadTest(item)) {
        names.push_back(test->name);
      }
    }
  }
  return names;
}

Result<std::vector<Check>> ReadChecks(const YamlAt& entry, const std::string& owner) {
  std::vector<Check> checks;
  for (const YamlAt& constraint : entry["constraints"].Items()) {
    if (constraint["type"].Text() != "check") {
      continue;
    }
    const YamlAt expression = constraint["expression"];
    const Result<Condition> condition = ParseCondition(expression.Text());
    if (!condition) {
      return ErrorAt(
          expression.defined() ? expression : constraint,
          fmt::format("{}: the check `{}` is not one that can be enforced: {}; compare "
                      "columns with constants, joined by AND and OR, as in `order_sum >= "
                      "0`, or make it a test of its own",
                      owner, expression.Text(), condition.error().message));
    }
    const std::string name = constraint["name"].Text();
    checks.push_back({.name = name.empty() ? NameOf(expression.Text()) : name,
                      .expression = expression.Text(),
                      .condition = *condition,
                      .line = expression.line()});
  }
  return checks;
}

bool Column::SaysTheSameAs(const Column& other) const {
  return name == other.name && type == other.type && description == other.description &&
         not_null == other.not_null && unique == other.unique &&
         accepted_values == other.accepted_values &&
         relationships == other.relationships && left_to_dbt == other.left_to_dbt &&
         source_field == other.source_field;
}

YamlAt CalveMeta(const YamlAt& entry) {
  const YamlAt below_config = entry["config"]["meta"]["calve"];
  return below_config.defined() ? below_config : entry["meta"]["calve"];
}

Status CheckCalveKeys(const YamlAt& calve, const std::vector<std::string>& valid,
                      const std::string& owner) {
  if (!calve.node.IsMap()) {
    return ErrorAt(calve, fmt::format("{}: meta.calve must be a mapping of {}", owner,
                                      fmt::join(valid, ", ")));
  }
  std::set<std::string> seen;
  for (const YamlAt& key : calve.Keys()) {
    const std::string name = key.Text();
    if (std::find(valid.begin(), valid.end(), name) == valid.end()) {
      return ErrorAt(
          key, fmt::format("{}: meta.calve has no key `{}` here; the nearest is "
                           "`{}`, valid are {}",
                           owner, name, Nearest(name, valid), fmt::join(valid, ", ")));
    }
    if (!seen.insert(name).second) {
      return ErrorAt(key,
                     fmt::format("{}: meta.calve has `{}` twice; keep one", owner, name));
    }
  }
  return {};
}

Result<Column> ReadColumn(const YamlAt& entry, const std::string& model) {
  Column column;
  column.name = entry["name"].Text();
  column.line = entry.line();
  if (column.name.empty()) {
    return ErrorAt(entry,
                   fmt::format("model {}: a column has no name; give it `name`", model));
  }
  const std::string owner = fmt::format("column {} of model {}", column.name, model);
  if (HasUpperCase(column.name)) {
    return ErrorAt(
        entry["name"],
        fmt::format("{}: the name must be in lower case, as Trino writes it", owner));
  }
  const YamlAt data_type = entry["data_type"];
  if (!data_type.defined()) {
    return ErrorAt(entry, fmt::format("{} has no type; give it `data_type`", owner));
  }
  const Result<ColumnType> type = ParseColumnType(data_type.Text());
  if (!type) {
    return ErrorAt(data_type, fmt::format("{}: {}", owner, type.error().message));
  }
  column.type = *type;
  column.description = entry["description"].Text();
  column.source_field = column.name;
  CALVE_TRY(ReadTests(entry, column));
  CALVE_TRY(ReadPath(entry, owner, column));
  return column;
}

}  // namespace calve::contract
