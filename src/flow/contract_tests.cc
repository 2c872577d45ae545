#include "flow/contract_tests.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "flow/mart_rows.h"
#include "flow/model_table.h"
#include "flow/value_scan.h"
#include "model/row_check.h"

namespace calve::flow {
namespace {

using contract::Column;
using contract::Model;
using table::LoadedTable;

/// As in dbt, a run of what is no letter, digit or underscore becomes one `_`.
std::string CleanArgument(const std::string& text) {
  std::string clean;
  bool odd = false;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == '_';
    if (plain || !odd) {
      clean += plain ? c : '_';
    }
    odd = !plain;
  }
  return clean;
}

/// dbt's name of a generic test: its kind, the model, and its arguments by name.
std::string DbtName(const std::string& rule, const Model& model,
                    const std::vector<std::string>& arguments) {
  std::string name = CleanArgument(rule) + "_" + model.name;
  for (size_t i = 0; i < arguments.size(); ++i) {
    name += (i == 0 ? "_" : "__") + CleanArgument(arguments[i]);
  }
  return name;
}

/// A rule of rows, with the test that it is.
struct RowTest {
  ContractTest* test;
  model::RowCheck check;
};

/// Columns that tell a row to people.
std::vector<std::string> LabelsOf(const Model& model) {
  if (!model.key.empty()) {
    return model.key;
  }
  return model.Find(kEventId) == nullptr ? std::vector<std::string>()
                                         : std::vector<std::string>{kEventId};
}

/// The table, or nothing if there is none yet.
Result<std::optional<LoadedTable>> Find(const Pipeline& pipeline, const Model& model) {
  auto loaded =
      table::LoadTable(*pipeline.store, *pipeline.catalog, {model.layer, model.name});
  if (loaded) {
    return std::optional<LoadedTable>(*std::move(loaded));
  }
  if (loaded.error().kind == ErrorKind::kNotFound) {
    return std::optional<LoadedTable>();
  }
  return loaded.error();
}

/// The tests of one model on its table.
class ModelTests {
 public:
  ModelTests(const Pipeline& pipeline, const Model& model)
      : pipeline_(pipeline), model_(model), labels_(LabelsOf(model)) {}

  Result<std::vector<ContractTest>> Run() {
    CALVE_ASSIGN(const auto table, Find(pipeline_, model_));
    CALVE_TRY(AddRowTests());
    if (!table) {
      for (ContractTest& test : tests_) {
        test.skipped = "its table is not there yet";
      }
    } else {
      CALVE_TRY(RunRowTests(*table));
    }
    for (const Column& column : model_.columns) {
      CALVE_TRY(RunValueTests(column, table ? &*table : nullptr));
      AddLeftToDbt(column.left_to_dbt, column.name);
    }
    AddLeftToDbt(model_.left_to_dbt, "");
    return std::vector<ContractTest>(tests_.begin(), tests_.end());
  }

 private:
  ContractTest& Add(const std::string& rule, const std::string& column,
                    std::string name) {
    ContractTest& test = tests_.emplace_back();
    test.name = std::move(name);
    test.table = model_.table();
    test.rule = rule;
    test.column = column;
    return test;
  }

  Status AddRowTests() {
    for (const Column& column : model_.columns) {
      if (column.not_null) {
        row_tests_.push_back(
            {&Add("not_null", column.name, DbtName("not_null", model_, {column.name})),
             model::RowCheck::NotNull(column)});
        columns_.push_back(column.name);
      }
      if (!column.accepted_values.empty()) {
        std::vector<std::string> arguments{column.name};
        arguments.insert(arguments.end(), column.accepted_values.begin(),
                         column.accepted_values.end());
        row_tests_.push_back({&Add("accepted_values", column.name,
                                   DbtName("accepted_values", model_, arguments)),
                              model::RowCheck::Accepted(column)});
        columns_.push_back(column.name);
      }
    }
    CALVE_ASSIGN(const auto checks, model::BindChecks(model_));
    for (const model::BoundCheck& bound : checks) {
      const auto columns = contract::ColumnsOf(bound.check->condition);
      row_tests_.push_back({&Add("check", columns.size() == 1 ? columns.front() : "",
                                 DbtName("check", model_, {bound.check->name})),
                            bound.row_check});
      columns_.insert(columns_.end(), columns.begin(), columns.end());
    }
    return {};
  }

  void AddLeftToDbt(const std::vector<std::string>& names, const std::string& column) {
    for (const std::string& name : names) {
      const auto arguments =
          column.empty() ? std::vector<std::string>() : std::vector{column};
      Add(name, column, DbtName(name, model_, arguments)).skipped =
          "left to dbt: a custom test, or one that is narrowed or only warns";
    }
  }

  Status RunRowTests(const LoadedTable& table) {
    if (row_tests_.empty()) {
      return {};
    }
    columns_.insert(columns_.end(), labels_.begin(), labels_.end());
    std::sort(columns_.begin(), columns_.end());
    columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
    return ScanColumns(*pipeline_.store, table, columns_,
                       [this](const arrow::RecordBatch& rows) { return Judge(rows); });
  }

  Status Judge(const arrow::RecordBatch& rows) {
    for (RowTest& row_test : row_tests_) {
      ContractTest& test = *row_test.test;
      const auto broken = row_test.check.Broken(rows);
      if (!broken) {
        return Error{ErrorKind::kContractViolation,
                     fmt::format("contract_changed: table {}: {}; `calve transform` "
                                 "adopts the contract or says what to do",
                                 model_.table(), broken.error().message)};
      }
      test.rows += rows.num_rows();
      test.failures += static_cast<int64_t>(broken->size());
      for (const int64_t row : *broken) {
        if (test.examples.size() == ValueLimits{}.examples || labels_.empty()) {
          break;
        }
        CALVE_ASSIGN(test.examples.emplace_back(), RowLabel(rows, row, labels_));
      }
    }
    return {};
  }

  Status RunValueTests(const Column& column, const LoadedTable* table) {
    if (column.unique) {
      ContractTest& test =
          Add("unique", column.name, DbtName("unique", model_, {column.name}));
      test.skipped = table == nullptr ? "its table is not there yet" : "";
      if (table != nullptr) {
        CALVE_TRY(Take(test, FindRepeated(*pipeline_.store, {*table, column.name}, {})));
      }
    }
    for (const contract::Relationship& relationship : column.relationships) {
      CALVE_TRY(RunRelationship(column, relationship, table));
    }
    return {};
  }

  Status RunRelationship(const Column& column, const contract::Relationship& relationship,
                         const LoadedTable* table) {
    ContractTest& test = Add("relationships", column.name,
                             DbtName("relationships", model_,
                                     {column.name, relationship.field, relationship.to}));
    const Model* to = pipeline_.project.Find(relationship.model);
    std::optional<LoadedTable> other;
    if (to != nullptr) {
      CALVE_ASSIGN(other, Find(pipeline_, *to));
    }
    if (table == nullptr || !other) {
      test.skipped = table == nullptr ? "its table is not there yet"
                     : to == nullptr
                         ? fmt::format("{} is no model with meta.calve", relationship.to)
                         : fmt::format("{} is not there yet", to->table());
      return {};
    }
    return Take(test, FindDangling(*pipeline_.store, {*table, column.name},
                                   {*other, relationship.field}, labels_, {}));
  }

  static Status Take(ContractTest& test, Result<ValueFindings> found) {
    CALVE_ASSIGN(ValueFindings findings, std::move(found));
    test.rows = findings.rows;
    test.failures = findings.findings;
    test.examples = std::move(findings.examples);
    return {};
  }

  const Pipeline& pipeline_;  // Outlives this object, as does the model.
  const Model& model_;
  std::vector<std::string> labels_;
  std::deque<ContractTest> tests_;  // never move, for row_tests_ points at them
  std::vector<RowTest> row_tests_;
  std::vector<std::string> columns_;  // that row tests read
};

}  // namespace

Result<std::vector<ContractTest>> TestContracts(const Pipeline& pipeline,
                                                const std::string& select,
                                                Progress& progress) {
  CALVE_ASSIGN(const auto selected, contract::Select(pipeline.project, select));
  progress.Begin("contract test", static_cast<int64_t>(selected.size()), "tables");
  std::vector<ContractTest> tests;
  for (const Model* model : selected) {
    CALVE_ASSIGN(auto of_model, ModelTests(pipeline, *model).Run());
    std::move(of_model.begin(), of_model.end(), std::back_inserter(tests));
    progress.Advance(1);
  }
  progress.End(fmt::format("{} tests", tests.size()));
  return tests;
}

}  // namespace calve::flow
