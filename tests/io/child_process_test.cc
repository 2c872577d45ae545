#include "io/child_process.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_folder.h"

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

TEST(ChildProcessTest, ALongLineComesInPieces) {
  const auto process =
      Shell("head -c 40000000 /dev/zero | tr '\\0' x; echo; printf '\\377\\0a\\n'");
  std::string line;
  size_t bytes = 0;
  while (bytes < 40'000'000) {
    ASSERT_EQ(process->Next(line, seconds(60)), ChildProcess::Output::kLine);
    EXPECT_LT(line.size(), 17U * 1024 * 1024);
    bytes += line.size();
  }
  EXPECT_EQ(bytes, 40'000'000U);
  EXPECT_THAT(Lines(*process), ElementsAre(std::string("\xff\0a", 3)));
  EXPECT_EQ(process->Wait(), 0);
}

TEST(ChildProcessTest, AnEndBySignalIsOneEvenWhileItsChildrenHoldTheOutput) {
  const auto process = Shell("sleep 600 & echo $!; printf end; kill -9 $$");
  const auto lines = Lines(*process);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1], "end");
  EXPECT_EQ(process->Wait(), 128 + SIGKILL);
  ::kill(std::stoi(lines[0]), SIGKILL);
}

TEST(ChildProcessTest, OutputIntoAFileIsWrittenAnewAndTheEnvironmentIsOurs) {
  const testing::TempFolder folder;
  const std::string file = folder.path() + "/log";
  std::ofstream(file) << "from before, and longer than what comes";
  ::setenv("CALVE_TEST_OURS", "ours", /*replace=*/1);
  const auto process = ChildProcess::Start(
      {.arguments = {"sh", "-c", "echo $CALVE_TEST_OURS; echo wrong >&2; exit 3"},
       .output_file = file});
  ASSERT_TRUE(process) << process.error().message;
  std::string line;
  EXPECT_EQ((*process)->Next(line, seconds(30)), ChildProcess::Output::kEnd);
  EXPECT_EQ((*process)->Wait(), 3);
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), "ours\nwrong\n");
}

TEST(ChildProcessTest, AFileThatCanNotBeWrittenIsNoMissingProgram) {
  const auto process =
      ChildProcess::Start({.arguments = {"true"}, .output_file = "/nowhere/log"});
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(process.error().message,
            "cannot open the output of true: No such file or directory");
}

TEST(ChildProcessTest, SignalsThatWeIgnoreAreAsUsualInIt) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const auto process = Shell("kill -PIPE $$; echo deaf");
  std::signal(SIGPIPE, before);
  EXPECT_THAT(Lines(*process), ::testing::IsEmpty());
  EXPECT_EQ(process->Wait(), 128 + SIGPIPE);
}

TEST(ChildProcessTest, ItIsAskedToEndWhereWeAreKilledWithoutStoppingIt) {
  const testing::TempFolder folder;
  const std::string file = folder.path() + "/asked";
  const pid_t starter = ::fork();
  if (starter == 0) {
    const auto process = Shell("trap 'echo it is > " + file +
                               "; exit' TERM; echo up; while :; do sleep 0.1; done");
    std::string line;
    (void)process->Next(line, seconds(30));
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(starter, &status, 0), starter);
  ASSERT_TRUE(WIFSIGNALED(status));
  std::string text;
  for (int i = 0; i < 600 && text.empty(); ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    std::getline(std::ifstream(file), text);
  }
  EXPECT_EQ(text, "it is");
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
