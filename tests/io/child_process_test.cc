#include "io/child_process.h"

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calve::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

std::unique_ptr<ChildProcess> Shell(const std::string& script,
                                    std::vector<std::string> environment = {}) {
  auto process = ChildProcess::Start(
      {.arguments = {"/bin/sh", "-c", script}, .environment = std::move(environment)});
  EXPECT_TRUE(process) << process.error().message;
  return *std::move(process);
}

std::vector<std::string> Lines(ChildProcess& process) {
  std::vector<std::string> lines;
  std::string line;
  while (true) {
    const auto output = process.Next(line, seconds(30));
    if (output != ChildProcess::Output::kLine) {
      EXPECT_EQ(output, ChildProcess::Output::kEnd);
      return lines;
    }
    lines.push_back(line);
  }
}

TEST(ChildProcessTest, ItsLinesComeOneByOneAndTheLastNeedsNoLineBreak) {
  const auto process = Shell("echo one; echo; echo wrong >&2; printf three; exit 7");
  EXPECT_THAT(Lines(*process), ElementsAre("one", "", "three"));
  EXPECT_EQ(process->error_output(), "wrong\n");
  EXPECT_EQ(process->Wait(), 7);
}

TEST(ChildProcessTest, ItHasTheGivenEnvironmentAndNoOther) {
  const auto process = Shell("echo \"$GIVEN:$HOME\"", {"GIVEN=a b"});
  EXPECT_THAT(Lines(*process), ElementsAre("a b:"));
  EXPECT_EQ(process->Wait(), 0);
}

TEST(ChildProcessTest, MuchOnBothOutputsBlocksNobody) {
  const auto process = Shell(
      "i=0; while [ $i -lt 3000 ]; do i=$((i+1));"
      " echo 'a line of its output that fills the pipe';"
      " echo 'a line of its errors that fills the pipe' >&2; done");
  EXPECT_EQ(Lines(*process).size(), 3000U);
  EXPECT_EQ(process->Wait(), 0);
  EXPECT_EQ(process->error_output().size(), 8192U);
}

TEST(ChildProcessTest, WaitingForALineEndsInTime) {
  const auto process = Shell("echo there; exec sleep 600");
  std::string line;
  EXPECT_EQ(process->Next(line, seconds(30)), ChildProcess::Output::kLine);
  EXPECT_EQ(process->Next(line, milliseconds(1)), ChildProcess::Output::kNothingYet);
  process->Stop(seconds(30));
  EXPECT_EQ(process->Wait(), 128 + SIGINT);
}

TEST(ChildProcessTest, StoppingGoesOnUntilItEnds) {
  const auto process = Shell("trap '' INT TERM; echo deaf; while :; do sleep 1; done");
  std::string line;
  EXPECT_EQ(process->Next(line, seconds(30)), ChildProcess::Output::kLine);
  process->Stop(milliseconds(50));
  EXPECT_EQ(process->Wait(), 128 + SIGKILL);
}

TEST(ChildProcessTest, AProgramThatIsNotThereIsNotFound) {
  const auto process =
      ChildProcess::Start({.arguments = {"/nowhere/dbt"}, .environment = {}});
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(process.error().message,
            "cannot start /nowhere/dbt: No such file or directory");
}

}  // namespace
}  // namespace calve::io
