#include "core/foreign_json.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace calve {
namespace {

TEST(ForeignJsonTest, AMemberIsFoundByItsPathAndNothingWhereThereIsNone) {
  const auto json = ParseForeignJson(R"({"a": {"b": "text", "n": 3}, "list": [1]})");
  EXPECT_EQ(JsonTextAt(json, {"a", "b"}), "text");
  EXPECT_EQ(JsonAt(json, {"a", "n"}), 3);
  EXPECT_EQ(JsonTextAt(json, {"a", "n"}), "");
  EXPECT_TRUE(JsonAt(json, {"a", "c"}).is_null());
  EXPECT_TRUE(JsonAt(json, {"a", "b", "c"}).is_null());
  EXPECT_TRUE(JsonAt(json, {"list", "0"}).is_null());
}

TEST(ForeignJsonTest, WhatIsNoJsonHasNoMembers) {
  for (const char* text : {"", "<html>", "{\"a\": ", "\xff", "{\"a\": \"\xff\"}"}) {
    const auto json = ParseForeignJson(text);
    EXPECT_TRUE(json.is_discarded()) << text;
    EXPECT_EQ(JsonTextAt(json, {"a"}), "") << text;
  }
}

TEST(ForeignJsonTest, NestingIsBoundedOutsideOfTexts) {
  const std::string deep(kMostJsonLevels, '[');
  const std::string end(kMostJsonLevels, ']');
  EXPECT_TRUE(ParseForeignJson(deep + end).is_array());
  EXPECT_TRUE(ParseForeignJson("[" + deep + end + "]").is_discarded());
  EXPECT_TRUE(ParseForeignJson("\"" + std::string(10'000, '[') + "\"").is_string());
  EXPECT_TRUE(ParseForeignJson(R"("\")" + std::string(10'000, '[') + "\"").is_string());
  EXPECT_TRUE(JsonNestsTooDeep(R"(["\\",)" + deep)) << "the text has ended";
  EXPECT_TRUE(ParseForeignJson(std::string(10'000'000, '[')).is_discarded());
}

}  // namespace
}  // namespace calve
