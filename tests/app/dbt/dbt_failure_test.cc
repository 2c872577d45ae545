#include "app/dbt/dbt_failure.h"

#include <string>

#include <gtest/gtest.h>

namespace calve::app {
namespace {

// Messages as dbt 1.11 and dbt-trino 1.11 wrote them.
constexpr const char* kDivision =
    "Database Error in model d (models/d.sql)\n"
    "  TrinoUserError(type=USER_ERROR, name=DIVISION_BY_ZERO, message=\"Division by "
    "zero\", query_id=20261123_073125_00015_55tx7)\n"
    "  compiled code at target/run/small/models/d.sql";
constexpr const char* kNewField =
    "Compilation Error in model c (models/c.sql)\n"
    "  new_field: orders.coupon is not in the contract\n"
    "  \n"
    "  > in macro run_checks (macros/m.sql)\n"
    "  > called by model c (models/c.sql)";
constexpr const char* kRefused =
    "Database Error\n  failed to execute: HTTPConnectionPool(host='127.0.0.1', port=1): "
    "Max retries exceeded with url: /v1/statement (Caused by NewConnectionError(\"…\"))";

TEST(DbtFailureTest, ASentenceIsWithoutHeadingsAndPlaces) {
  EXPECT_EQ(DbtSentence(kDivision), "DIVISION_BY_ZERO: Division by zero");
  EXPECT_EQ(DbtSentence(kNewField), "new_field: orders.coupon is not in the contract");
  EXPECT_EQ(DbtSentence("Parsing Error\n  Env var required but not provided: 'X'"),
            "Env var required but not provided: 'X'");
  EXPECT_EQ(DbtSentence("  \n"), "dbt does not say why");
  EXPECT_EQ(DbtSentence(std::string(5000, 'x')).size(), 600U);
  EXPECT_TRUE(DbtSentence("x" + std::string(2000, '\n') + "y").ends_with("x y"));
  std::string accents;
  for (int i = 0; i < 1000; ++i) {
    accents += "é";
  }
  EXPECT_TRUE(DbtSentence("xx" + accents).ends_with("é…"));  // No half of a character.
  EXPECT_EQ(DbtSentence("a \x1b[2Jclean\x07 screen"), "a [2Jclean screen");
}

TEST(DbtFailureTest, WordsThatMayQuoteARowAreLeftOut) {
  const std::string sentence = DbtSentence(
      "Database Error in model m (models/m.sql)\n  TrinoUserError(type=USER_ERROR, "
      "name=INVALID_CAST_ARGUMENT, message=\"Cannot cast 'canary' to INT\", query_id=1)");
  EXPECT_TRUE(sentence.starts_with("INVALID_CAST_ARGUMENT: a value")) << sentence;
  EXPECT_EQ(sentence.find("canary"), sentence.npos);
}

TEST(DbtFailureTest, ABrokenContractIsOneAndKeepsItsName) {
  for (const char* name : {"new_field", "contract_changed", "violation"}) {
    const std::string sentence = std::string(name) + ": something of model c";
    const Error compiled =
        ModelFailure("c", "Compilation Error in model c (models/c.sql)\n  " + sentence);
    EXPECT_EQ(compiled.kind, ErrorKind::kContractViolation) << name;
    EXPECT_EQ(compiled.message, sentence);
    const Error raised = ModelFailure(
        "c",
        "Database Error in model c (models/c.sql)\n  TrinoUserError(type=USER_ERROR, "
        "name=GENERIC_USER_ERROR, message=\"" +
            sentence + "\", query_id=2026)");
    EXPECT_EQ(raised.kind, ErrorKind::kContractViolation) << name;
    EXPECT_EQ(raised.message, sentence);
  }
  const Error enforced =
      ModelFailure("c",
                   "Compilation Error in model c (models/c.sql)\n  This model has an "
                   "enforced contract that failed.\n  | a | b |");
  EXPECT_EQ(enforced.kind, ErrorKind::kContractViolation);
  EXPECT_EQ(enforced.message,
            "contract_changed: dbt model c: This model has an enforced contract that "
            "failed. | a | b |");
}

TEST(DbtFailureTest, WhatPassesByItselfIsToBeTriedAgain) {
  EXPECT_EQ(ModelFailure("m", kRefused).kind, ErrorKind::kUnavailable);
  EXPECT_EQ(ModelFailure("m",
                         "Database Error in model m (m.sql)\n  TrinoQueryError("
                         "type=EXTERNAL, name=ICEBERG_COMMIT_ERROR, message=\"Failed "
                         "to commit\", query_id=1)")
                .kind,
            ErrorKind::kConflict);
  EXPECT_EQ(ModelFailure("m",
                         "Database Error in model m (m.sql)\n  TrinoQueryError("
                         "type=INTERNAL_ERROR, name=GENERIC_INTERNAL_ERROR, message="
                         "\"Snapshot 2 is not an ancestor of 1\", query_id=1)")
                .kind,
            ErrorKind::kConflict);
  EXPECT_EQ(ModelFailure("m",
                         "Compilation Error in model m (m.sql)\n  conflict: marts.m "
                         "has changed")
                .kind,
            ErrorKind::kConflict);
  EXPECT_EQ(ProjectFailure("/p", kRefused).kind, ErrorKind::kUnavailable);
}

TEST(DbtFailureTest, AnythingElseOfAModelIsAFailureThatNamesIt) {
  const Error division = ModelFailure("d", kDivision);
  EXPECT_EQ(division.kind, ErrorKind::kCorrupt);
  EXPECT_EQ(division.message, "dbt model d: DIVISION_BY_ZERO: Division by zero");
  const Error halt = ModelFailure("d", "rows_vanished: 3 events are gone");
  EXPECT_EQ(halt.kind, ErrorKind::kCorrupt);
  EXPECT_EQ(halt.message, "rows_vanished: 3 events are gone");
}

TEST(DbtFailureTest, WhatFailsBesideTheModelsIsTold) {
  const Error hook = OtherFailure({"Failure in operation on-run-end-0", kDivision});
  EXPECT_EQ(hook.kind, ErrorKind::kCorrupt);
  EXPECT_EQ(hook.message,
            "dbt: Failure in operation on-run-end-0: DIVISION_BY_ZERO: Division by zero");
  EXPECT_EQ(OtherFailure({"Failure in operation x", kRefused}).kind,
            ErrorKind::kUnavailable);
}

TEST(DbtFailureTest, AProjectThatDbtRefusesIsWrongUse) {
  const Error error =
      ProjectFailure("/srv/dwh", "Parsing Error\n  Env var required: 'X'");
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(error.message, "dbt refuses the project /srv/dwh: Env var required: 'X'");
  EXPECT_TRUE(
      LacksPackages("Compilation Error\n  dbt found 1 package(s) specified in "
                    "packages.yml, but only 0 package(s) installed in "
                    "dbt_packages. Run \"dbt deps\" to install them."));
  EXPECT_FALSE(LacksPackages(kRefused));
}

}  // namespace
}  // namespace calve::app
