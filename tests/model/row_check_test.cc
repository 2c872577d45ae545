#include "model/row_check.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/flatten_fixture.h"

namespace calve::model {
namespace {

contract::Model WithCheck(const std::string& type, const std::string& expression) {
  contract::Model model = OneColumnModel(type);
  contract::Check check;
  check.expression = expression;
  check.condition = *contract::ParseCondition(expression);
  model.checks.push_back(check);
  return model;
}

/// Which of the values of `v` pass the check, as Flatten holds it: `y` or `n` each.
std::string Passing(const std::string& type, const std::string& expression,
                    const std::vector<std::string>& values) {
  std::string shown;
  for (const std::string& value : values) {
    const auto plan =
        Flattened({{.raw = "{\"v\":" + value + "}"}}, WithCheck(type, expression));
    shown += plan.violations.empty() ? 'y' : 'n';
  }
  return shown;
}

TEST(RowCheckTest, ComparesInEveryType) {
  EXPECT_EQ(Passing("integer", "v >= 0", {"-1", "0", "1", "null"}), "nyyy");
  EXPECT_EQ(Passing("integer", "v < 3000000000", {"2147483647"}), "y");
  EXPECT_EQ(Passing("bigint", "v <> 7", {"7", "8"}), "ny");
  EXPECT_EQ(Passing("double", "v > 0.1", {"0.1", "0.2", "\"NaN\"", "\"-Infinity\""}),
            "nynn");
  EXPECT_EQ(Passing("real", "v = 0.1", {"0.1", "0.2"}), "yn");
  EXPECT_EQ(Passing("decimal(12,2)", "v <= -0.50", {"-0.5", "-0.49", "-99999999.99"}),
            "yny");
  EXPECT_EQ(Passing("varchar", "v in ('a', 'b')", {"\"a\"", "\"B\"", "null"}), "yny");
  EXPECT_EQ(Passing("varchar", "v < 'b'", {"\"a\"", "\"b\"", "\"\""}), "yny");
  EXPECT_EQ(Passing("boolean", "v = true", {"true", "false"}), "yn");
  EXPECT_EQ(
      Passing("date", "v >= date '2024-02-29'", {"\"2024-02-28\"", "\"2024-03-01\""}),
      "ny");
  EXPECT_EQ(
      Passing("timestamp(6) with time zone", "v < timestamp '2024-01-01 01:00:00+01'",
              {"\"2023-12-31T23:59:59.999999Z\"", "\"2024-01-01\""}),
      "yn");
}

TEST(RowCheckTest, UnknownPassesAsInSql) {
  EXPECT_EQ(Passing("integer", "v > 1 and v < 5", {"null", "1", "2"}), "yny");
  EXPECT_EQ(Passing("integer", "v is not null and v > 1", {"null", "2"}), "ny");
  EXPECT_EQ(Passing("integer", "v is null or v not in (1, 2)", {"null", "1", "3"}),
            "yny");
}

TEST(RowCheckTest, AConstantThatTheColumnCannotHoldIsAnError) {
  const auto error = [](const std::string& type, const std::string& expression) {
    const auto bound = BindChecks(WithCheck(type, expression));
    return bound ? "none" : bound.error().message;
  };
  EXPECT_EQ(
      error("integer", "v > 1.5"),
      "models/schema.yml:0: model flat: the check `v > 1.5` cannot be enforced: `1.5` "
      "is no integer, which column v is; write a constant of that type");
  EXPECT_NE(error("decimal(12,2)", "v > 0.005"), "none");
  EXPECT_EQ(error("decimal(12,2)", "v > 0.500"), "none");
  EXPECT_NE(error("date", "v > 'soon'"), "none");
}

TEST(RowCheckTest, ARowThatBreaksACheckIsAViolationAndAddsNoColumn) {
  const auto plan = Flattened({{.raw = R"({"v":1})"},
                               {.raw = R"({"v":"x","w":1})"},
                               {.raw = R"({"v":-5,"never":1})"},
                               {.raw = R"({"v":2,"w":1})"}},
                              WithCheck("integer", "v >= 0"));
  EXPECT_EQ(Show(plan.violations),
            "1 cast v: `x` is no integer\n2 check v: `v >= 0` is false\n");
  EXPECT_EQ(plan.extra_columns, std::vector<std::string>{"w"});
  EXPECT_EQ(ShowRow(*plan.rows, 1), "v=2 | w=1");
}

}  // namespace
}  // namespace calve::model
