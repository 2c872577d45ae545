#include "app/config/interpolate.h"

#include <string>

#include <gtest/gtest.h>

namespace calve::app {
namespace {

const Environment kEnvironment{
    {"HOST", "db.example"}, {"EMPTY", ""}, {"ODD", "a${HOST}$$b"}};

/// The text with its variables replaced, or `error: …`.
std::string Expand(const std::string& text) {
  const auto result = Interpolate(text, kEnvironment);
  return result ? *result : "error: " + result.error().message;
}

TEST(InterpolateTest, VariablesAreReplacedWhereverTheyStand) {
  EXPECT_EQ(Expand("postgresql://${HOST}/x?h=${HOST}"),
            "postgresql://db.example/x?h=db.example");
  EXPECT_EQ(Expand(""), "");
  EXPECT_EQ(Expand("no variables {} here"), "no variables {} here");
}

TEST(InterpolateTest, DefaultStandsInForUnsetAndEmptyVariables) {
  EXPECT_EQ(Expand("${NONE:-x}|${EMPTY:-y}|${HOST:-z}|${NONE:-}"), "x|y|db.example|");
  EXPECT_EQ(Expand("${NONE:-${EMPTY:-${HOST}}}"), "db.example");
  EXPECT_EQ(Expand("${NONE:-postgresql://u:p@h:5432/d}"), "postgresql://u:p@h:5432/d");
}

TEST(InterpolateTest, DoubledDollarIsADollar) {
  EXPECT_EQ(Expand("pa$$word $${HOST}"), "pa$word ${HOST}");
}

TEST(InterpolateTest, ValuesAreNotLookedAtAgain) {
  EXPECT_EQ(Expand("${ODD}"), "a${HOST}$$b");
}

TEST(InterpolateTest, UnsetVariableIsNamedWithItsRemedy) {
  EXPECT_EQ(Expand("${NONE}"),
            "error: uses the variable NONE, which is not set; set it, or write "
            "${NONE:-default}");
  EXPECT_EQ(Expand("${EMPTY:?}"),
            "error: uses the variable EMPTY, which is not set or empty; set it");
  EXPECT_EQ(Expand("${NONE:?ask the database team}"),
            "error: uses the variable NONE, which is not set or empty; ask the database "
            "team");
}

TEST(InterpolateTest, MalformedReferencesAreRefused) {
  EXPECT_EQ(Expand("$HOST"), "error: has a lone $; write ${NAME}, or $$ for $");
  EXPECT_EQ(Expand("cost$"), "error: has a lone $; write ${NAME}, or $$ for $");
  EXPECT_EQ(Expand("${HOST"),
            "error: has a ${ without its }; close it, or write $$ for $");
  EXPECT_EQ(Expand("${}"),
            "error: has a ${…} without a variable's name; write ${NAME}, or $$ for $");
  EXPECT_EQ(Expand("${HOST|x}"),
            "error: has a ${HOST…} that is none of ${HOST}, ${HOST:-default} and "
            "${HOST:?}");
}

TEST(InterpolateTest, DeepNestingEndsInAnError) {
  std::string text = "x";
  for (int i = 0; i < 1000; ++i) {
    text.insert(0, "${A:-").append("}");
  }
  EXPECT_FALSE(Interpolate(text, {}));
}

}  // namespace
}  // namespace calve::app
