#include "capture/cursor.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/table_ref.h"

namespace calve::capture {
namespace {

const Cursor kXmin = {CursorMode::kXmin,
                      {12, 12, {}},
                      0,
                      {"7300000000000000001", 1, 16'384, std::nullopt, std::nullopt}};
const Cursor kAuditXid = {
    CursorMode::kAuditXid,
    {10, 20, {10, 14}},
    7,
    {"7300000000000000001", 2, 16'384, 99, RowMark{98, 750, "5ha"}}};

TEST(CursorTest, TextIsReadAsItWasWritten) {
  EXPECT_EQ(CursorToJson(kXmin),
            R"({"mode":"xmin","xmin":"12","source":{"system_identifier":)"
            R"("7300000000000000001","timeline":1,"table_oid":16384}})");
  EXPECT_EQ(
      CursorToJson(kAuditXid),
      R"({"mode":"audit_xid","snapshot":"10:20:10,14","column":7,"source":)"
      R"({"system_identifier":"7300000000000000001","timeline":2,"table_oid":16384,)"
      R"("sequence_value":99,"last_row":{"id":98,"xid":"750","hash":"5ha"}}})");
  EXPECT_EQ(*CursorFromJson(CursorToJson(kXmin)), kXmin);
  EXPECT_EQ(*CursorFromJson(CursorToJson(kAuditXid)), kAuditXid);
}

TEST(CursorTest, WhatIsNoCursorIsCorrupt) {
  const std::string good = CursorToJson(kAuditXid);
  for (const auto& [from, to] :
       std::initializer_list<std::pair<const char*, const char*>>{
           {"{", "["},
           {"\"mode\":", "\"mood\":"},
           {"10:20", "20:10"},
           {"10,14", "14,10"},
           {"10,14", "10,20"},
           {"10,14", "9"},
           {"10:20:10,14", "10:x:"},
           {"\"column\":7", "\"column\":\"7\""},
           {"\"750\"", "\"-1\""},
           {"\"source\":{", "\"sauce\":{"}}) {
    std::string text = good;
    text.replace(text.find(from), std::string(from).size(), to);
    const auto cursor = CursorFromJson(text);
    ASSERT_FALSE(cursor) << text;
    EXPECT_EQ(cursor.error().kind, ErrorKind::kCorrupt) << text;
  }
}

TEST(CursorTest, AnUnknownModeIsUnsupported) {
  const auto cursor = CursorFromJson(R"({"mode":"slot","source":{}})");
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().kind, ErrorKind::kUnsupported);
}

TEST(SnapshotTest, IsWrittenAsPostgresDoes) {
  for (const std::string text : {"10:20:10,14", "10:10:",
                                 "18446744073709551615:"
                                 "18446744073709551615:"}) {
    EXPECT_EQ(SnapshotText(*ParseSnapshot(text)), text);
  }
}

TEST(TableRefTest, TakesPlainAndQuotedNames) {
  const auto parts = [](std::string_view text) {
    const auto ref = ParseTableRef(text);
    return ref ? ref->schema + "|" + ref->name : "none";
  };
  EXPECT_EQ(parts("audit"), "public|audit");
  EXPECT_EQ(parts("s.audit"), "s|audit");
  EXPECT_EQ(parts(R"("My S"."a.b""c")"), "My S|a.b\"c");
  for (const char* text :
       {"", ".", "a.", ".a", "a.b.c", "\"a", "\"\"", "\"a\"b", "a\"b"}) {
    EXPECT_EQ(parts(text), "none") << text;
  }
}

}  // namespace
}  // namespace calve::capture
