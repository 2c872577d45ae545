#include "app/entry_point.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calve::app {
namespace {

using ::testing::ElementsAre;
using Words = std::vector<std::string>;

Words ArgumentsAs(const std::string& program, Words arguments) {
  return InvocationOf(program, {.arguments = std::move(arguments), .environment = {}})
      .arguments;
}

TEST(EntryPointTest, AContainersNameStandsForItsCommand) {
  EXPECT_THAT(ArgumentsAs("/usr/local/bin/audit-log-extractor", {"--batch-size", "10"}),
              ElementsAre("extract", "--batch-size", "10"));
  EXPECT_THAT(ArgumentsAs("iceberg-ingestor", {"--s3-key", "k"}),
              ElementsAre("ingest", "--s3-key", "k"));
}

TEST(EntryPointTest, AnyOtherNameChangesNothing) {
  const Environment environment{{"POSTGRES_HOST", "db"}};
  for (const char* name : {"calve", "/bin/calve", "", "audit-log-extractor/calve"}) {
    const Invocation same =
        InvocationOf(name, {.arguments = {"run"}, .environment = environment});
    EXPECT_THAT(same.arguments, ElementsAre("run")) << name;
    EXPECT_EQ(same.environment, environment) << name;
  }
}

TEST(EntryPointTest, TheGeneratorLoadsFilesAndElseGeneratesIntoTheSource) {
  EXPECT_THAT(ArgumentsAs("data-generator", {"--source-files=a.csv", "b.csv"}),
              ElementsAre("load", "--source-files=a.csv", "b.csv", "--create-table"));
  EXPECT_THAT(
      ArgumentsAs("data-generator", {"--num-records", "5"}),
      ElementsAre("generate", "--num-records", "5", "--create-table", "--into-source"));
  EXPECT_THAT(
      ArgumentsAs("data-generator", {"generate", "--output-file", "f", "--events", "1"}),
      ElementsAre("generate", "--output-file", "f", "--events", "1", "--create-table"));
}

TEST(EntryPointTest, TheGeneratorTakesTheSourceFromItsVariables) {
  const Environment given{{"POSTGRES_HOST", "db"},
                          {"POSTGRES_PORT", "5433"},
                          {"POSTGRES_DB", "shop"},
                          {"POSTGRES_USER", "theirs"},
                          {"CALVE_SOURCE__POSTGRES__USER", "ours"}};
  const Environment taken =
      InvocationOf("data-generator", {.arguments = {}, .environment = given}).environment;
  Environment wanted = given;
  wanted["CALVE_SOURCE__POSTGRES__HOST"] = "db";
  wanted["CALVE_SOURCE__POSTGRES__PORT"] = "5433";
  wanted["CALVE_SOURCE__POSTGRES__DATABASE"] = "shop";
  EXPECT_EQ(taken, wanted);
}

}  // namespace
}  // namespace calve::app
