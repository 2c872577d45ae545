#include "contract/check.h"

#include <string>

#include <gtest/gtest.h>

#include "contract/contract.h"
#include "contract/project_fixture.h"

namespace calve::contract {
namespace {

const char* OpText(CompareOp op) {
  switch (op) {
    case CompareOp::kEqual:
      return "=";
    case CompareOp::kNotEqual:
      return "<>";
    case CompareOp::kLess:
      return "<";
    case CompareOp::kLessOrEqual:
      return "<=";
    case CompareOp::kGreater:
      return ">";
    case CompareOp::kGreaterOrEqual:
      return ">=";
  }
  return "?";
}

/// `(and (>= a 1) (null b))`
std::string Show(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::kIsNull:
      return "(null " + condition.column + ")";
    case Condition::Kind::kIsNotNull:
      return "(some " + condition.column + ")";
    case Condition::Kind::kCompare:
      return "(" + std::string(OpText(condition.op)) + " " + condition.column + " " +
             condition.constant.text + ")";
    default: {
      std::string text = condition.kind == Condition::Kind::kAnd ? "(and" : "(or";
      for (const Condition& child : condition.children) {
        text += " " + Show(child);
      }
      return text + ")";
    }
  }
}

std::string Parsed(const std::string& expression) {
  const auto condition = ParseCondition(expression);
  return condition ? Show(*condition) : condition.error().message;
}

TEST(ParseConditionTest, ReadsTheWholeGrammar) {
  EXPECT_EQ(Parsed("order_sum >= 0"), "(>= order_sum 0)");
  EXPECT_EQ(Parsed("a=-1.5e3 OR A != .5 and a <> +2"),
            "(or (= a -1.5e3) (and (<> a .5) (<> a +2)))");
  EXPECT_EQ(Parsed("(a < 1 or a > 2) AND \"b b\" is not null"),
            "(and (or (< a 1) (> a 2)) (some b b))");
  EXPECT_EQ(Parsed("a IN ('x', 'it''s') or a Is Null"),
            "(or (or (= a x) (= a it's)) (null a))");
  EXPECT_EQ(Parsed("a not in (1, 2)"), "(and (<> a 1) (<> a 2))");
  EXPECT_EQ(Parsed("a between 1 and 2 and b not between 3 and 4"),
            "(and (and (>= a 1) (<= a 2)) (or (< b 3) (> b 4)))");
  EXPECT_EQ(
      Parsed("d >= DATE '2024-01-01' and t < timestamp '2024-01-01 00:00' and ok = TRUE"),
      "(and (>= d 2024-01-01) (< t 2024-01-01 00:00) (= ok true))");
}

TEST(ParseConditionTest, SaysWhereAnythingElseEndsBeingOne) {
  EXPECT_EQ(Parsed(""), "it ends where a column should follow");
  EXPECT_EQ(Parsed("a"), "it ends where a comparison should follow");
  EXPECT_EQ(Parsed("a > b"), "`b` stands where a constant should");
  EXPECT_EQ(Parsed("length(a) > 1"), "`(` stands where a comparison should");
  EXPECT_EQ(Parsed("not a = 1"), "`not` stands where a column should");
  EXPECT_EQ(Parsed("a like 'x%'"), "`like` stands where a comparison should");
  EXPECT_EQ(Parsed("a = 1 a = 2"), "`a` stands where AND, OR or its end should");
  EXPECT_EQ(Parsed("a = 'x"), "a quote is not closed");
  EXPECT_EQ(Parsed("(a = 1"), "it ends where `)` should follow");
  EXPECT_EQ(Parsed("a in ()"), "`)` stands where a constant should");
  EXPECT_EQ(Parsed("a is 1"), "`1` stands where NULL should");
  EXPECT_EQ(Parsed(std::string(5000, '(')), "it is nested too deep");
}

const std::string kTotal =
    "      - {name: total, data_type: \"decimal(12,2)\", meta: {calve: {path: $.sum}}}\n";

std::string TotalWith(const std::string& constraint) {
  return "      - {name: total, data_type: \"decimal(12,2)\", meta: {calve: {path: "
         "$.sum}}, "
         "constraints: [" +
         constraint + "]}\n";
}

TEST(CheckTest, ChecksStandAtColumnsAndModels) {
  auto project = ParseProject(
      ProjectWith(kTotal, TotalWith("{type: check, expression: \"total >= 0\"}")));
  ASSERT_TRUE(project) << project.error().message;
  const Model& flat = *project->Find("flat");
  ASSERT_EQ(flat.checks.size(), 1U);
  EXPECT_EQ(flat.checks[0].name, "total_0");
  EXPECT_EQ(Show(flat.checks[0].condition), "(>= total 0)");
  project = ParseProject(ProjectWith(
      "  - name: flat\n",
      "  - name: flat\n    constraints: [{type: check, name: sane, expression: "
      "\"total > 0 or order_id is null\"}]\n"));
  ASSERT_TRUE(project) << project.error().message;
  EXPECT_EQ(project->Find("flat")->checks.at(0).name, "sane");
}

TEST(CheckTest, ChecksThatCannotBeEnforcedAreErrorsWithTheirLine) {
  const auto error = [](const std::string& expression) {
    const auto project = ParseProject(ProjectWith(
        kTotal, TotalWith("{type: check, expression: \"" + expression + "\"}")));
    return project ? "none" : project.error().message;
  };
  EXPECT_NE(error("length(total) > 1")
                .find("model flat: the check `length(total) > 1` is not one that can be "
                      "enforced"),
            std::string::npos)
      << error("length(total) > 1");
  EXPECT_NE(error("totl > 1")
                .find("names column totl, which is not there; the nearest is "
                      "`total`"),
            std::string::npos)
      << error("totl > 1");
  EXPECT_NE(error("total > 'x'").find("which is decimal(12,2), with `x`, which is not"),
            std::string::npos)
      << error("total > 'x'");
}

void Replace(ProjectFile& file, const std::string& from, const std::string& to) {
  const size_t at = file.text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  file.text.replace(at, from.size(), to);
}

/// Each problem as its file's layer and the start of its message.
std::string Linted(const std::vector<ProjectFile>& files) {
  std::string shown;
  for (const Problem& problem : LintProject(files)) {
    EXPECT_GT(problem.line, 0);
    const size_t begin = std::string("models/").size();
    shown += problem.file.substr(begin, problem.file.find('/', begin) - begin) + ": " +
             problem.message.substr(0, problem.message.find_first_of(";,")) + "\n";
  }
  return shown;
}

TEST(LintProjectTest, AllFaultsAreToldAtOnceByFileAndLine) {
  std::vector<ProjectFile> files = ValidProject();
  Replace(files[3], "key: order_id", "key: order_ids");
  Replace(files[3], "{name: audit_event_id, data_type: bigint}",
          "{name: audit_event_id, data_type: integer}");
  Replace(files[2], "from: events", "from: event");
  EXPECT_EQ(Linted(files), "staging: model stg: there is no source table event\n");
  Replace(files[2], "from: event}", "from: events}");
  EXPECT_EQ(
      Linted(files),
      "marts: model orders: key column order_ids is not among its columns\n"
      "marts: model orders: column audit_event_id must be bigint\n"
      "marts: model orders: column audit_event_id is integer here and bigint in flat\n");
}

TEST(LintProjectTest, OfAModelThatCannotBeReadWholeNothingElseIsSaid) {
  std::vector<ProjectFile> files = ValidProject();
  Replace(files[2], "{name: tbl_name, data_type: varchar}",
          "{name: tbl_name, data_type: text9}");
  Replace(files[2], "{name: tbl_schema, data_type: varchar}", "{name: tbl_schema}");
  Replace(files[3], "key: order_id", "key: order_ids");
  EXPECT_EQ(Linted(files),
            "staging: column tbl_schema of model stg has no type\n"
            "staging: column tbl_name of model stg: type `text9` cannot be kept\n");
}

TEST(CheckTest, WhatDbtAloneRunsIsNoted) {
  const auto project = ParseProject(ProjectWith(
      "{name: order_id, data_type: integer}\n",
      "{name: order_id, data_type: integer, constraints: [{type: foreign_key}], tests: "
      "[unique, my_test, {not_null: {config: {severity: warn}}}]}\n"));
  ASSERT_TRUE(project) << project.error().message;
  EXPECT_EQ(project->Find("flat")->Find("order_id")->left_to_dbt,
            (std::vector<std::string>{"my_test", "not_null", "foreign_key"}));
}

TEST(LintProjectTest, AValidProjectHasNone) {
  EXPECT_TRUE(LintProject(ValidProject()).empty());
  EXPECT_EQ(LintProject({}).size(), 1U);
}

TEST(RelationshipTest, RefsAreReadAndTheirColumnsHeld) {
  const auto with = [](const std::string& test) {
    return ProjectWith("{name: order_id, data_type: integer}\n",
                       "{name: order_id, data_type: integer, tests: [" + test + "]}\n");
  };
  auto project =
      ParseProject(with("{relationships: {to: \"ref('stg')\", field: audit_event_id}}"));
  ASSERT_TRUE(project) << project.error().message;
  const Column& column = *project->Find("flat")->Find("order_id");
  ASSERT_EQ(column.relationships.size(), 1U);
  EXPECT_EQ(column.relationships[0].model, "stg");
  project = ParseProject(with("{relationships: {to: \"ref('stg')\", field: audit_id}}"));
  ASSERT_FALSE(project);
  EXPECT_NE(project.error().message.find("refers to column audit_id of stg"),
            std::string::npos)
      << project.error().message;
  EXPECT_TRUE(ParseProject(with("{relationships: {to: \"ref('seed')\", field: id}}")));
}

}  // namespace
}  // namespace calve::contract
