#include "app/dbt/dbt_program.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace calve::app {
namespace {

using ::calve::testing::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kVersion =
    R"(echo '{"info": {"name": "MainReportVersion"}, "data": {"version": "=1.11.0"}}')";

/// Programs that are no dbt, or one that is out of order; the real one is run by
/// tests/interop/test_dbt_engine.py.
class DbtProgramTest : public ::testing::Test {
 protected:
  /// Runs the models by a shell script in dbt's place.
  Result<std::vector<DbtModel>> Run(const std::string& script) {
    trino_.password = secrets::Secret("canary");
    const std::string command = folder_.path() + "/dbt";
    std::ofstream(command) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(command, std::filesystem::perms::owner_all);
    NoProgress silent;
    return RunDbtModels({.command = command,
                         .project_folder = folder_.path(),
                         .profiles = {},
                         .target = {},
                         .trino = trino_,
                         .environment = {"PATH=/usr/bin:/bin", "DBT_QUIET=true"},
                         .interrupted = interrupted_},
                        {"orders"}, /*full_refresh=*/false, silent);
  }

  /// The error of what must fail.
  Error Fails(const std::string& script) {
    auto result = Run(script);
    EXPECT_FALSE(result) << script;
    return result ? Error{ErrorKind::kInternal, ""} : result.error();
  }

  TempFolder folder_;
  query::TrinoEndpoint trino_;
  std::function<bool()> interrupted_;
};

TEST_F(DbtProgramTest, ThePasswordIsInItsEnvironmentAndNotInItsArguments) {
  const std::string file = folder_.path() + "/seen";
  ASSERT_TRUE(Run(std::string(kVersion) + "; echo \"$TRINO_PASSWORD:$*\" > " + file));
  std::string seen;
  std::getline(std::ifstream(file), seen);
  EXPECT_TRUE(seen.starts_with("canary:run --select orders --project-dir ")) << seen;
  EXPECT_THAT(seen.substr(7), AllOf(Not(HasSubstr("canary")), HasSubstr(" --no-quiet")));
}

TEST_F(DbtProgramTest, AProgramThatTellsNothingIsNoDbt) {
  const Error error = Fails("exit 0");
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("/dbt is no dbt: it ended well and told nothing"));
}

TEST_F(DbtProgramTest, WhatCanNotStartInPythonSaysItsLastLine) {
  const Error error = Fails(
      "printf 'Traceback\\n\\033[31mModuleNotFoundError\\033[0m: no dbt\\n' >&2; exit 1");
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("exit code 1 and did not say why: "
                                       "[31mModuleNotFoundError [0m: no dbt; try `"));
}

TEST_F(DbtProgramTest, AnEndBySignalIsToBeTriedAgain) {
  for (const char* before : {"true", kVersion}) {
    const Error error = Fails(std::string(before) + "; kill -9 $$");
    EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
    EXPECT_THAT(error.message,
                HasSubstr("was ended by signal 9; see whether memory ran"));
  }
}

TEST_F(DbtProgramTest, JunkAndLongLinesAreReadToTheEnd) {
  const Error error = Fails(
      "head -c 10000000 /dev/urandom; head -c 20000000 /dev/zero | tr '\\0' '['; echo;" +
      std::string(kVersion) + "; head -c 1000000 /dev/urandom >&2; exit 2");
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("exit code 2 and did not say why; try `"));
}

TEST_F(DbtProgramTest, AnErrorBesideTheModelsIsTold) {
  const Error error =
      Fails(std::string(kVersion) +
            R"(; printf '%s\n' '{"info": {"name": "LogHookEndLine", "level": "error",)"
            R"( "msg": "Database Error\n  no such table"}}'; exit 1)");
  EXPECT_EQ(error.kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error.message, "dbt: no such table");
}

TEST_F(DbtProgramTest, AnInterruptStopsIt) {
  const std::string file = folder_.path() + "/up";
  interrupted_ = [&file] { return std::filesystem::exists(file); };
  const Error error = Fails("touch " + file + "; exec sleep 600");
  EXPECT_EQ(error.kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace calve::app
