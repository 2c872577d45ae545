#include "app/dbt/dbt_log.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calve::app {
namespace {

using ::testing::ElementsAre;

/// Progress as a text, one word a call.
class Recorded final : public Progress {
 public:
  void Begin(std::string_view step, int64_t /*total*/, std::string_view unit) override {
    text += "begin(" + std::string(step) + "," + std::string(unit) + ")";
  }
  void Advance(int64_t units) override { text += "+" + std::to_string(units); }
  void End(std::string_view note) override { text += "end(" + std::string(note) + ")"; }

  std::string text;
};

/// An event as dbt 1.11 writes it, what nobody looks at left out.
std::string Event(const std::string& name, const std::string& data,
                  const std::string& level = "info", const std::string& message = "") {
  return R"({"data": )" + data + R"(, "info": {"code": "Q000", "level": ")" + level +
         R"(", "msg": ")" + message + R"(", "name": ")" + name + R"("}})";
}

std::string NodeInfo(const std::string& name, const std::string& type = "model") {
  return R"("node_info": {"node_name": ")" + name + R"(", "resource_type": ")" + type +
         R"(", "node_relation": {"alias": ")" + name + R"(", "schema": "marts"}})";
}

std::string Start(const std::string& name) {
  return Event("LogStartLine", "{" + NodeInfo(name) + R"(, "index": 1, "total": 2})");
}

std::string Finish(const std::string& name, const std::string& result) {
  return Event("NodeFinished",
               "{" + NodeInfo(name) + R"(, "run_result": )" + result + "}", "debug");
}

constexpr const char* kMerged = R"json({"adapter_response": {"rows_affected": 7.0},
    "message": "MERGE (7 rows)", "status": "success"})json";
constexpr const char* kFailed = R"json({"adapter_response": {},
    "message": "Database Error\n  no", "status": "error"})json";

TEST(DbtLogTest, AModelIsAStepWithTheRowsThatTheAdapterCounts) {
  Recorded progress;
  DbtLog log(progress);
  log.Take(Start("orders"));
  log.Take(Finish("orders", kMerged));
  log.Take(Start("history"));
  log.Take(Finish("history", kFailed));
  EXPECT_EQ(progress.text,
            "begin(dbt marts.orders,rows)+7end(7 rows)"
            "begin(dbt marts.history,rows)end(error)");
  ASSERT_EQ(log.models().size(), 2U);
  EXPECT_EQ(log.models()[0].table, "marts.orders");
  EXPECT_EQ(log.models()[0].rows_affected, 7);
  EXPECT_EQ(log.models()[1].name, "history");
  EXPECT_EQ(log.models()[1].status, "error");
  EXPECT_EQ(log.models()[1].message, "Database Error\n  no");
}

TEST(DbtLogTest, ModelsThatRunBesideEachOtherShowOneAfterTheOther) {
  Recorded progress;
  DbtLog log(progress);
  log.Take(Start("a"));
  log.Take(Start("b"));
  log.Take(Start("c"));
  log.Take(Finish("b", kMerged));
  log.Take(Finish("a", kMerged));
  log.Take(Finish("c", kMerged));
  EXPECT_EQ(progress.text,
            "begin(dbt marts.a,rows)+7end(7 rows)begin(dbt marts.b,rows)+7end(7 rows)"
            "begin(dbt marts.c,rows)+7end(7 rows)");
}

TEST(DbtLogTest, VersionsWarningsAndWhatEndedItAreKept) {
  Recorded progress;
  DbtLog log(progress);
  log.Take(Event("MainReportVersion", R"({"version": "=1.11.16"})"));
  log.Take(Event("AdapterRegistered",
                 R"({"adapter_name": "trino", "adapter_version": "=1.11.0"})"));
  log.Take(Event("BehaviorChangeEvent", "{}", "warn", "will change some day"));
  log.Take(Event("UnusedResourceConfigPath", "{}", "warn", "no such path"));
  log.Take(Event("MainEncounteredError", R"({"exc": "Parsing Error\n  why"})", "error"));
  EXPECT_EQ(log.dbt_version(), "1.11.16");
  EXPECT_EQ(log.adapter(), "trino");
  EXPECT_EQ(log.adapter_version(), "1.11.0");
  EXPECT_THAT(log.warnings(), ElementsAre("no such path"));
  EXPECT_EQ(log.failure(), "Parsing Error\n  why");
}

TEST(DbtLogTest, ACountThatIsNoneIsNotShown) {
  for (const char* rows : {"-1", "1e300", "-1e300", "9.3e18", "18446744073709551615",
                           "\"7\"", "null", "[]"}) {
    Recorded progress;
    DbtLog log(progress);
    log.Take(Start("m"));
    log.Take(
        Finish("m", R"({"status": "success", "adapter_response": {"rows_affected": )" +
                        std::string(rows) + "}}"));
    EXPECT_EQ(progress.text, "begin(dbt marts.m,rows)end(0 rows)") << rows;
    ASSERT_EQ(log.models().size(), 1U) << rows;
    EXPECT_EQ(log.models()[0].rows_affected, std::nullopt) << rows;
  }
}

TEST(DbtLogTest, JunkOfAnyKindIsPassedOver) {
  Recorded progress;
  DbtLog log(progress);
  log.Take(std::string(10'000'000, '['));
  log.Take(std::string(10'000'000, 'x'));
  log.Take(R"({"info": {"name": "NodeFinished"}, "data": )" +
           std::string(1'000'000, '['));
  log.Take(std::string("\xff\0\x1b[2J", 6));
  log.Take(Event("NodeFinished", R"({"node_info": {"resource_type": "model"}})"));
  EXPECT_EQ(progress.text, "");
  ASSERT_EQ(log.models().size(), 1U);
  EXPECT_EQ(log.models()[0].status, "");
}

TEST(DbtLogTest, TheFirstErrorsAreKept) {
  Recorded progress;
  DbtLog log(progress);
  EXPECT_THAT(log.errors(), ElementsAre());
  for (const char* text : {"Failure in operation", "no such table", "one more"}) {
    log.Take(Event("RunResultError", "{}", "error", text));
  }
  EXPECT_THAT(log.errors(), ElementsAre("Failure in operation", "no such table"));
  EXPECT_EQ(log.failure(), "");
}

TEST(DbtLogTest, WhatIsNoEventOrNoModelIsPassedOver) {
  Recorded progress;
  DbtLog log(progress);
  for (const char* line : {"", "INFO:trino.auth:keyring", "[1]", "{}", R"({"info": 3})",
                           R"({"info": {"name": "NodeFinished"}, "data": null})"}) {
    log.Take(line);
  }
  log.Take(Event("NodeFinished", "{" + NodeInfo("t", "test") + "}"));
  EXPECT_EQ(progress.text, "");
  EXPECT_TRUE(log.models().empty());
}

}  // namespace
}  // namespace calve::app
