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

/// Resolves every reference to `<path#key>` with odd characters around it.
std::string ExpandWithSecrets(const std::string& text, bool variables = true) {
  const auto resolve = [](const secrets::SecretReference& reference) {
    return Result<secrets::Secret>(
        secrets::Secret("<" + reference.path + "@" + reference.key + ">"));
  };
  const auto result = Interpolate(
      text, {.variables = variables ? &kEnvironment : nullptr, .secrets = resolve});
  return result ? *result : "error: " + result.error().message;
}

TEST(InterpolateTest, SecretsStandWhereverVariablesDo) {
  EXPECT_EQ(ExpandWithSecrets("a vault://kv/x#k, ${vault://kv/y#k.2} ${HOST} $$"),
            "a <kv/x@k>, <kv/y@k.2> db.example $");
  EXPECT_EQ(ExpandWithSecrets("vault://kv/${HOST}/x#${HOST}"),
            "<kv/db.example/x@db.example>");
  EXPECT_EQ(ExpandWithSecrets("${NONE:-vault://kv/x#k}|${HOST:-vault://kv/x#k}"),
            "<kv/x@k>|db.example");
  EXPECT_EQ(ExpandWithSecrets("${env://A}${file:///b#c}"), "<A@></b@c>");
}

TEST(InterpolateTest, BareReferencesEndBeforeOtherText) {
  EXPECT_EQ(ExpandWithSecrets("vault://kv/x#host:vault://kv/x#port.x"),
            "<kv/x@host>:<kv/x@port>.x");
  EXPECT_EQ(ExpandWithSecrets("file:///srv/lake"), "file:///srv/lake");
  EXPECT_EQ(ExpandWithSecrets("vault://kv/x"),
            "error: has a vault:// without a #key; name one, as in "
            "vault://secret/postgres/ecommerce#password");
}

TEST(InterpolateTest, InALoginOrQueryOfAUriSecretsAreEncoded) {
  EXPECT_EQ(ExpandWithSecrets(
                "postgresql://vault://kv/x#u:vault://kv/x#p@h/d?k=vault://kv/x#q"),
            "postgresql://%3Ckv%2Fx%40u%3E:%3Ckv%2Fx%40p%3E@h/d?k=%3Ckv%2Fx%40q%3E");
  EXPECT_EQ(ExpandWithSecrets("s3://vault://kv/x#bucket/raw"), "s3://<kv/x@bucket>/raw");
  EXPECT_EQ(ExpandWithSecrets("host=h password=vault://kv/x#p"),
            "host=h password=<kv/x@p>");
}

TEST(InterpolateTest, VariablesThatHoldReferencesAreNotLookedAt) {
  const Environment environment{{"X", "vault://kv/x#k"}};
  const auto result = Interpolate("${X}", {.variables = &environment});
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "vault://kv/x#k");
}

TEST(InterpolateTest, WhereVariablesStayTheDollarIsACharacter) {
  EXPECT_EQ(ExpandWithSecrets("$a ${HOST} vault://kv/x#k", /*variables=*/false),
            "$a ${HOST} <kv/x@k>");
}

TEST(InterpolateTest, DeepNestingEndsInAnError) {
  std::string text = "x";
  for (int i = 0; i < 1000; ++i) {
    text.insert(0, "${A:-").append("}");
  }
  EXPECT_FALSE(Interpolate(text, Environment()));
}

}  // namespace
}  // namespace calve::app
