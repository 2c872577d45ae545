#pragma once

/// \file contract/contract.h
/// What a dbt project promises of its tables: models, columns, rules. Read from its
/// `dbt_project.yml` and `schema.yml` files; enforced by model/ and flow/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/check.h"
#include "core/result.h"

namespace calve::contract {

enum class TypeKind {
  kBoolean,
  kInteger,
  kBigint,
  kReal,
  kDouble,
  kDecimal,
  kDate,
  kTimestamp,    // timestamp(6)
  kTimestampTz,  // timestamp(6) with time zone
  kVarchar,
};

/// A column's type, in Trino's words.
struct ColumnType {
  TypeKind kind = TypeKind::kVarchar;
  int precision = 0;  // decimal
  int scale = 0;
  bool operator==(const ColumnType&) const = default;
};

/// Parses `data_type`: `integer`, `int`, `bigint`, `decimal(12,2)`, `varchar`, `string`,
/// `timestamp(6) with time zone`, … in any case. kUnsupported names a type that Calve
/// cannot keep (timestamp(3), varchar(10), array(…)).
Result<ColumnType> ParseColumnType(std::string_view data_type);
/// The type as Trino spells it.
std::string ColumnTypeName(const ColumnType& type);

/// A `relationships` test: every value but null stands in a column of another table.
struct Relationship {
  std::string to;     // as written: `ref('orders')`
  std::string model;  // what ref() names; empty if it is none
  std::string field;  // the column there
  bool operator==(const Relationship&) const = default;
};

struct Column {
  std::string name;
  ColumnType type;
  std::string description;
  /// From the column's tests, or its `not_null` or `unique` constraint. A test that is
  /// narrowed (`where`) or only warns does not count: it is no rule of every row.
  bool not_null = false;
  bool unique = false;
  std::vector<std::string> accepted_values;  // empty: any; null always passes
  std::vector<Relationship> relationships;
  /// Tests and constraints that Calve does not run: custom ones, and those that are
  /// narrowed or only warn.
  std::vector<std::string> left_to_dbt;
  /// The payload's member that the column holds (`$.sum` gives `sum`); default: its own
  /// name.
  std::string source_field;
  int line = 0;  // in the file

  /// Whether they say the same, wherever they stand.
  bool SaysTheSameAs(const Column& other) const;
};

enum class ModelKind { kDedupe, kFlatten, kCurrent, kHistory };
enum class SchemaEvolution { kPropagate, kContract, kFail };
enum class OnViolation { kQuarantine, kFail };
/// What "latest" and "next" go by: (audit_timestamp, audit_event_id), or the id alone.
enum class EventOrder { kTimestampThenId, kId };

struct Model {
  std::string name;   // the table's name
  std::string layer;  // the table's namespace: staging, marts
  ModelKind kind = ModelKind::kDedupe;
  std::string from;              // the upstream model, or the source table (dedupe)
  std::string source_table;      // flatten: `public.orders`
  std::vector<std::string> key;  // current, history: column names
  EventOrder order = EventOrder::kTimestampThenId;
  SchemaEvolution schema_evolution = SchemaEvolution::kPropagate;
  OnViolation on_violation = OnViolation::kQuarantine;
  int format_version = 2;
  std::vector<std::string> tags;
  std::string description;
  std::vector<Column> columns;
  std::vector<Check> checks;
  std::vector<std::string> left_to_dbt;  // as a column's
  std::string file;                      // the schema.yml it stands in
  int line = 0;

  const Column* Find(std::string_view column) const;
  std::string table() const { return layer + "." + name; }
};

/// A source table of sources.yml.
struct Source {
  std::string name;        // ecomm_audit_log_dml
  std::string name_space;  // landing
  std::string table() const { return name_space + "." + name; }
};

/// A dbt project, as far as Calve needs it.
struct Project {
  std::string name;
  std::vector<Source> sources;
  /// Upstream before downstream; ties by name.
  std::vector<Model> models;

  const Model* Find(std::string_view model) const;
  /// The model that `model` is made from; null for a dedupe model, made from a source.
  const Model* Upstream(const Model& model) const;
};

/// A file of the project: its path below the project's folder, and its text.
struct ProjectFile {
  std::string path;
  std::string text;
};

/// Reads a project from its YAML files (`dbt_project.yml`, every `.yml`/`.yaml` below
/// `models/`); files of other kinds are ignored, models without `meta.calve` too.
///
/// A model's layer is its `config.schema`, else `+schema` of its folder in
/// dbt_project.yml, else the first folder below `models/`. Both places of `meta` and
/// `tags` are read (below `config`, or the older one beside it), and both names of tests
/// (`tests`, `data_tests`). Checks what a run relies on: kinds, `from`, keys that exist,
/// the columns that each kind needs with their types, contract enforced, no cycle.
///
/// \return the project, or kInvalidArgument: `<file>:<line>: ` and one sentence with the
///         name at fault and the remedy (the nearest valid key for a typo)
///
/// Pure. Thread-safe.
Result<Project> ParseProject(const std::vector<ProjectFile>& files);

/// A fault of a project.
struct Problem {
  std::string file;
  int line = 0;
  std::string message;  // with the remedy
};

/// Everything for which ParseProject might refuse the project, at once, by file and line.
/// What follows from another fault (a mart of a model that cannot be read) is left out.
std::vector<Problem> LintProject(const std::vector<ProjectFile>& files);

/// The models that a selection names, in the project's order: names, layers, folders
/// below `models/`, tags (also as `tag:nightly`), `+name` (with all upstream) and `name+`
/// (with all downstream), joined by spaces or commas. Empty selects all. A comma is no
/// intersection, unlike dbt's.
///
/// \return the models, which `project` owns, or kInvalidArgument naming a word that
///         selects nothing, and the nearest one that does
Result<std::vector<const Model*>> Select(const Project& project,
                                         std::string_view selection);

}  // namespace calve::contract
