#include "app/console/log.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace calve::app {
namespace {

using ::testing::MatchesRegex;

TEST(LogTest, TextLinesHoldTimeLevelAndMessage) {
  std::ostringstream out;
  MessageStream messages(out);
  StartLog({.level = "info"}, messages);
  spdlog::debug("unseen");
  spdlog::info("hello {}", 42);
  StopLog();
  spdlog::error("after the end");
  EXPECT_THAT(out.str(), MatchesRegex("20..-..-..T..:..:..\\.......Z info: hello 42\n"));
}

TEST(LogTest, JsonLinesAreJsonWhateverTheMessage) {
  std::ostringstream out;
  MessageStream messages(out);
  messages.Mask({"hunter2"});
  StartLog({.level = "debug", .format = LogFormat::kJson}, messages);
  spdlog::warn("a \"quote\" and hunter2");
  StopLog();
  EXPECT_THAT(out.str(), MatchesRegex("\\{\"time\":\".*Z\",\"level\":\"warning\","
                                      "\"message\":\"a ..quote.. and \\*\\*\\*\"\\}\n"));
}

}  // namespace
}  // namespace calve::app
