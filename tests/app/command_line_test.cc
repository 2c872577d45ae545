#include "app/command_line.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/scaffold.h"
#include "app/temp_folder.h"

namespace calve::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

/// What a command did.
struct Outcome {
  int code;
  std::string output;
  std::string messages;
};

Outcome Invoke(const std::vector<std::string>& arguments, Environment environment = {}) {
  std::ostringstream output;
  std::ostringstream messages;
  const int code = RunCommandLine(arguments, {.environment = std::move(environment)},
                                  output, messages);
  return {code, output.str(), messages.str()};
}

/// A scaffolded project whose source refuses connections.
class ProjectTest : public ::testing::Test {
 protected:
  ProjectTest() {
    EXPECT_EQ(Invoke({"-q", "init", folder_.path()}).code, 0);
    environment_["CALVE_SOURCE__POSTGRES__DSN"] =
        "postgresql://ecom:hunter2@127.0.0.1:1/ecom";
  }

  Outcome Call(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-c", folder_.File("calve.yaml")});
    return Invoke(arguments, environment_);
  }

  TempFolder folder_;
  Environment environment_;
};

TEST(CommandLineTest, VersionIsARecordInEveryFormat) {
  EXPECT_THAT(Invoke({"version"}).output, StartsWith("calve           0."));
  const Json json = Json::parse(Invoke({"-o", "json", "version"}).output);
  EXPECT_EQ(json.at("iceberg_format"), "2");
  EXPECT_THAT(Invoke({"version", "-o", "csv"}).output,
              StartsWith("calve,iceberg_format,arrow,compiler\n"));
}

TEST(CommandLineTest, HelpGoesToStdoutAndIsNoFailure) {
  const Outcome all = Invoke({"--help"});
  EXPECT_EQ(all.code, 0);
  EXPECT_THAT(all.output, HasSubstr("demo"));
  EXPECT_EQ(all.messages, "");
  const Outcome one = Invoke({"extract", "--help"});
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.output, HasSubstr("--data-interval-start"));
}

TEST(CommandLineTest, WrongUseEndsWithTwoAndSaysWhatIsWrong) {
  const Outcome unknown = Invoke({"frobnicate"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.output, "");
  EXPECT_THAT(unknown.messages, HasSubstr("frobnicate"));
  const Outcome zero = Invoke({"extract", "--batch-size", "0"});
  EXPECT_EQ(zero.code, 2);
  EXPECT_THAT(zero.messages,
              HasSubstr("--batch-size: '0' is not a whole number from 1 on"));
  EXPECT_EQ(Invoke({}).code, 2);
  EXPECT_EQ(Invoke({"version", "--output", "xml"}).code, 2);
  EXPECT_EQ(Invoke({"ingest"}).code, 2);
  EXPECT_EQ(Invoke({"table"}).code, 2);
}

TEST(CommandLineTest, FailureIsOneJsonDocumentOnStdout) {
  const Outcome usage = Invoke({"frobnicate", "-o", "json"});
  EXPECT_EQ(usage.code, 2);
  EXPECT_EQ(Json::parse(usage.output).at("error").at("kind"), "invalid_argument");

  const Outcome config = Invoke({"-c", "/nowhere/calve.yaml", "status", "-o", "json"});
  EXPECT_EQ(config.code, 2);
  EXPECT_EQ(Json::parse(config.output).at("error").at("message"),
            "cannot read the configuration /nowhere/calve.yaml: No such file or "
            "directory; `calve init` writes one");
}

TEST(CommandLineTest, MissingPartsAreNamedWithTheirRemedy) {
  EXPECT_EQ(Invoke({"extract"}).messages,
            "calve: no source is configured: set source.postgres.dsn in calve.yaml "
            "(`calve init` writes one), or the variable CALVE_SOURCE__POSTGRES__DSN\n");
  const Outcome landing = Invoke({"extract"}, {{"PGHOST", "localhost"}});
  EXPECT_EQ(landing.code, 2);
  EXPECT_THAT(landing.messages, HasSubstr("CALVE_LANDING__URI"));
  EXPECT_THAT(
      Invoke({"ingest", "--s3-key", "k"}, {{"CALVE_LANDING__URI", "/tmp/x"}}).messages,
      HasSubstr("CALVE_CATALOG__URI"));
}

TEST(CommandLineTest, VaultAloneAsksForTheSecretsPath) {
  const Outcome outcome =
      Invoke({"extract", "-o", "json"},
             {{"VAULT_ADDR", "http://127.0.0.1:1"}, {"VAULT_TOKEN", "hvs.token"}});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(Json::parse(outcome.output).at("error").at("kind"), "invalid_argument");
  EXPECT_THAT(outcome.messages, HasSubstr("VAULT_SECRET_PATH_PSQL_SOURCE_DB"));
  EXPECT_THAT(outcome.messages, Not(HasSubstr("hvs.token")));
}

TEST(CommandLineTest, IntervalsAreCheckedBeforeAnythingIsOpened) {
  EXPECT_THAT(Invoke({"extract", "--data-interval-start", "2025-01-01"}).messages,
              HasSubstr("go together"));
  EXPECT_THAT(Invoke({"extract", "--window"}).messages, HasSubstr("--window needs"));
  EXPECT_THAT(Invoke({"extract", "--data-interval-start", "2025-01-02",
                      "--data-interval-end", "2025-01-01"})
                  .messages,
              HasSubstr("lies before"));
  EXPECT_THAT(
      Invoke({"extract", "--data-interval-start", "x", "--data-interval-end", "y"})
          .messages,
      HasSubstr("--data-interval-start must be a time"));
}

TEST(CommandLineTest, GeneratedFilesFollowTheirSeed) {
  const TempFolder folder;
  const auto generate = [&](const std::string& name, const std::string& seed) {
    return Invoke({"generate", "--obj-type", "order", "--events", "500", "--output-file",
                   folder.File(name), "--seed", seed, "-o", "json"});
  };
  const Outcome first = generate("a.csv", "7");
  ASSERT_EQ(first.code, 0) << first.messages;
  EXPECT_EQ(Json::parse(first.output).at("events"), 500);
  generate("b.csv", "7");
  generate("c.csv", "8");
  EXPECT_EQ(folder.Read("a.csv"), folder.Read("b.csv"));
  EXPECT_NE(folder.Read("a.csv"), folder.Read("c.csv"));
  EXPECT_THAT(folder.Read("a.csv"),
              StartsWith("audit_operation,audit_timestamp,schema,table,order_id,"
                         "order_timestamp,created_at,updated_at,sum,description\n"));
  const Outcome after =
      Invoke({"generate", "--events", "50", "--output-file", folder.File("d.csv"),
              "--after", folder.File("a.csv"), "-o", "json"});
  EXPECT_GT(Json::parse(after.output).at("updates"), 20);
}

TEST(CommandLineTest, GenerateNeedsOneMeasure) {
  EXPECT_EQ(Invoke({"generate", "--output-file", "/tmp/never.csv"}).code, 2);
  EXPECT_EQ(Invoke({"generate", "--output-file", "/tmp/never.csv", "--events", "1",
                    "--num-records", "1"})
                .code,
            2);
  const Outcome missing = Invoke({"generate", "--events", "1", "--output-file",
                                  "/tmp/never.csv", "--after", "/nowhere.csv"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.messages, HasSubstr("/nowhere.csv"));
}

TEST(CommandLineTest, InitNeverOverwrites) {
  const TempFolder folder;
  folder.Write("calve.yaml", "mine");
  const Outcome outcome = Invoke({"init", folder.path()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.messages, HasSubstr("calve.yaml is there already"));
  EXPECT_EQ(folder.Read("calve.yaml"), "mine");
  EXPECT_FALSE(std::filesystem::exists(folder.File("dbt_dwh")));
}

TEST(CommandLineTest, ScriptsOfCompletionNameEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = Invoke({"completions", shell});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.output, HasSubstr("extract"));
    EXPECT_THAT(outcome.output, HasSubstr("data-interval-start"));
  }
}

TEST(CommandLineTest, DemoLeavesForeignFoldersAlone) {
  const TempFolder folder;
  folder.Write("calve.yaml", "mine");
  const Outcome outcome = Invoke({"demo", "--dir", folder.path()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.messages, HasSubstr("holds files that no demo wrote"));
  EXPECT_EQ(folder.Read("calve.yaml"), "mine");
}

TEST_F(ProjectTest, ScaffoldIsTheExample) {
  for (const EmbeddedFile& file : ExampleFiles()) {
    EXPECT_EQ(folder_.Read(std::string(file.path)), file.text) << file.path;
  }
  EXPECT_GE(ExampleFiles().size(), 5U);
}

TEST_F(ProjectTest, FreshProjectHasNoTables) {
  const Outcome outcome = Call({"table", "ls", "-o", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.messages;
  EXPECT_EQ(Json::parse(outcome.output), Json::array());
  const Outcome missing = Call({"table", "show", "marts.orders"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.messages, HasSubstr("marts.orders"));
}

TEST_F(ProjectTest, StatusShowsASourceOutOfReach) {
  const Outcome outcome = Call({"status", "-o", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.messages;
  const Json status = Json::parse(outcome.output);
  EXPECT_TRUE(status.at("pipeline").at("source_rows_waiting").is_null());
  EXPECT_THAT(status.at("pipeline").at("source_problem").get<std::string>(),
              Not(HasSubstr("hunter2")));
  std::vector<std::string> tables;
  for (const Json& table : status.at("tables")) {
    tables.push_back(table.at("table"));
    EXPECT_TRUE(table.at("rows").is_null());
  }
  EXPECT_THAT(tables, ElementsAre("landing.ecomm_audit_log_dml",
                                  "staging.stg_ecomm_audit_log_dml",
                                  "staging.stg_ecomm_audit_log_dml_orders_flattened",
                                  "marts.orders", "marts.orders_history_scd2"));
}

TEST_F(ProjectTest, UnreachableSourceIsToBeTriedAgain) {
  for (const char* command : {"plan", "run", "extract"}) {
    const Outcome outcome = Call({command, "-o", "json"});
    EXPECT_EQ(outcome.code, 75) << outcome.messages;
    EXPECT_EQ(Json::parse(outcome.output).at("error").at("kind"), "unavailable");
    EXPECT_THAT(outcome.output + outcome.messages, Not(HasSubstr("hunter2")));
  }
}

TEST_F(ProjectTest, MistakesInTheConfigurationNameTheirLine) {
  const Outcome outcome = Call({"--set", "landing.url=x", "status"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.messages,
            "calve: --set: unknown key landing.url; did you mean landing.uri?\n");
}

TEST_F(ProjectTest, RollbackNeedsConsent) {
  const Outcome outcome = Call({"table", "rollback", "marts.orders", "1"});
  EXPECT_EQ(outcome.code, 1);  // No such table comes first.
}

TEST_F(ProjectTest, RowOfAnUnknownTableAsksForTheKey) {
  const Outcome outcome = Call({"row", "elsewhere.t", "1"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.messages, HasSubstr("--key-column"));
  EXPECT_THAT(Call({"row", "marts.orders", "1", "--as-of", "then"}).messages,
              HasSubstr("--as-of must be a time"));
}

TEST_F(ProjectTest, ASecretIsAskedForByWhoNeedsItAlone) {
  const std::string secret = "source.postgres.password=vault://secret/x#password";
  const Outcome outcome = Call({"--set", secret, "capture", "status"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.messages, HasSubstr("vault_not_set: "));
  EXPECT_EQ(Call({"--set", secret, "contract", "lint"}).code, 0);
}

}  // namespace
}  // namespace calve::app
