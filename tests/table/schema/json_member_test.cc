#include "table/schema/json_member.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

namespace calve::table {
namespace {

using nlohmann::json;

std::string Message(const Error& error) {
  EXPECT_EQ(error.kind, ErrorKind::kCorrupt);
  return error.message;
}

TEST(JsonMemberTest, NumbersBeyondTheirTypeAreRefused) {
  const json object = json::parse(R"({"big": 2147483648, "low": -2147483649,
    "huge": 9223372036854775808, "fraction": 1.5, "whole": 1.0, "max": 9223372036854775807})");
  EXPECT_EQ(Message(Member<int32_t>(object, "big").error()), "big: outside 32 bits");
  EXPECT_EQ(Message(Member<int32_t>(object, "low").error()), "low: outside 32 bits");
  EXPECT_EQ(Message(Member<int64_t>(object, "huge").error()), "huge: outside 64 bits");
  EXPECT_EQ(Message(Member<int64_t>(object, "fraction").error()),
            "fraction: expected an integer");
  EXPECT_EQ(Message(Member<int64_t>(object, "whole").error()),
            "whole: expected an integer");
  EXPECT_EQ(*Member<int64_t>(object, "max"), 9223372036854775807);
}

TEST(JsonMemberTest, NullCountsAsAbsent) {
  const json object = {{"a", nullptr}};
  EXPECT_EQ(*OptionalMember<int32_t>(object, "a"), std::nullopt);
  EXPECT_EQ(*OptionalMember<int32_t>(object, "b"), std::nullopt);
  EXPECT_EQ(Message(Member<std::string>(object, "a").error()), "a: missing");
  EXPECT_EQ(*OptionalArrayMember(object, "a"), nullptr);
}

TEST(JsonMemberTest, PathsGrowFromTheInside) {
  EXPECT_EQ(Message(Within("schemas", 2, MemberError("id", "missing"))),
            "schemas[2].id: missing");
}

TEST(ParseJsonTest, DeepNestingIsRefused) {
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(Message(ParseJson(deep).error()), "JSON nests deeper than 200 levels");
  EXPECT_TRUE(ParseJson(std::string(200, '[') + std::string(200, ']')));
  EXPECT_FALSE(ParseJson(std::string(201, '[') + std::string(201, ']')));
}

TEST(ParseJsonTest, BracketsInStringsDoNotNest) {
  EXPECT_TRUE(ParseJson("\"\\\"" + std::string(1000, '[') + "\""));
}

RC_GTEST_PROP(ParseJsonTest, AnyBytesParseOrAreCorrupt, (const std::string& bytes)) {
  const auto parsed = ParseJson(bytes);
  if (!parsed) {
    RC_ASSERT(parsed.error().kind == ErrorKind::kCorrupt);
  }
}

TEST(WriteJsonTest, InvalidUtf8IsReplaced) {
  EXPECT_EQ(WriteJson(json("a\xff")), "\"a\xEF\xBF\xBD\"");
}

TEST(UnknownMembersTest, ComeBackAsTheyWere) {
  constexpr std::string_view kKnown[] = {"a"};
  const json object = {{"a", 1}, {"b", {{"c", json::array({1, nullptr})}}}};
  const std::string unknown = UnknownMembers(object, kKnown);
  EXPECT_EQ(unknown, R"({"b":{"c":[1,null]}})");
  EXPECT_EQ(FromUnknownMembers(unknown), json::parse(unknown));
  EXPECT_EQ(UnknownMembers({{"a", 1}}, kKnown), "");
  EXPECT_EQ(FromUnknownMembers("[1"), json::object());
}

}  // namespace
}  // namespace calve::table
