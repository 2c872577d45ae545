#include "app/console/render.h"

#include <gtest/gtest.h>

#include "app/console/exit_code.h"

namespace calve::app {
namespace {

std::string As(OutputFormat format, const Document& document) {
  return Render(document, {.format = format});
}

Document Tables() {
  Document document;
  Table& table = document.AddTable(
      {{"table"}, {"rows", CellFormat::kCount}, {"size", CellFormat::kBytes}, {"note"}});
  table.Add({"marts.orders", int64_t{1'234'567}, int64_t{1'572'864}, std::monostate{}});
  table.Add({"a", int64_t{0}, int64_t{12}, "quoted \"x\", and\nmore"});
  return document;
}

TEST(RenderTest, TextLaysTablesOutInColumns) {
  EXPECT_EQ(As(OutputFormat::kText, Tables()),
            "table              rows     size  note\n"
            "marts.orders  1,234,567  1.5 MiB  -\n"
            "a                     0     12 B  quoted \"x\", and\\nmore\n");
}

TEST(RenderTest, JsonOfALonePartIsThatPart) {
  EXPECT_EQ(As(OutputFormat::kJson, Tables()), R"([
  {
    "table": "marts.orders",
    "rows": 1234567,
    "size": 1572864,
    "note": null
  },
  {
    "table": "a",
    "rows": 0,
    "size": 12,
    "note": "quoted \"x\", and\nmore"
  }
]
)");
}

TEST(RenderTest, JsonLinesAndCsvHoldOneRowALine) {
  EXPECT_EQ(As(OutputFormat::kJsonl, Tables()),
            R"({"table":"marts.orders","rows":1234567,"size":1572864,"note":null}
{"table":"a","rows":0,"size":12,"note":"quoted \"x\", and\nmore"}
)");
  EXPECT_EQ(As(OutputFormat::kCsv, Tables()),
            "table,rows,size,note\n"
            "marts.orders,1234567,1572864,\n"
            "a,0,12,\"quoted \"\"x\"\", and\nmore\"\n");
}

TEST(RenderTest, CsvTellsNullFromEmptyText) {
  Document document;
  document.AddTable({{"a"}, {"b"}}).Add({std::monostate{}, ""});
  EXPECT_EQ(As(OutputFormat::kCsv, document), "a,b\n,\"\"\n");
}

TEST(RenderTest, SeveralPartsAreAnObjectOfTheirNames) {
  Document document;
  document.AddNote("Only for people.");
  Record& run = document.AddRecord("run");
  run.Add("seconds", 4.81, CellFormat::kSeconds);
  run.Add("ok", true);
  document.AddTable({{"table"}}, "the_tables").Add({"x"});
  EXPECT_EQ(As(OutputFormat::kJson, document), R"({
  "run": {
    "seconds": 4.81,
    "ok": true
  },
  "the_tables": [
    {
      "table": "x"
    }
  ]
}
)");
  EXPECT_EQ(As(OutputFormat::kText, document),
            "Only for people.\n\nrun\nseconds  4.8 s\nok       true\n\nthe tables\n"
            "table\nx\n");
  EXPECT_EQ(As(OutputFormat::kCsv, document), "table\nx\n");
}

TEST(RenderTest, ContainersGetOneJsonLineInEveryFormat) {
  Document document;
  document.always_one_json_line = true;
  Record& record = document.AddRecord();
  record.Add("extracted_files", std::vector<std::string>{"a/b.csv"});
  record.Add("count", int64_t{1});
  for (const OutputFormat format : {OutputFormat::kText, OutputFormat::kJson,
                                    OutputFormat::kJsonl, OutputFormat::kCsv}) {
    EXPECT_EQ(As(format, document), "{\"extracted_files\":[\"a/b.csv\"],\"count\":1}\n");
  }
}

TEST(RenderTest, FailureIsOneJsonDocument) {
  const Document document = ErrorDocument({ErrorKind::kNotFound, "no table a.b"});
  EXPECT_EQ(As(OutputFormat::kJsonl, document),
            "{\"kind\":\"not_found\",\"message\":\"no table a.b\"}\n");
  EXPECT_EQ(
      As(OutputFormat::kJson, document),
      "{\n  \"error\": {\n    \"kind\": \"not_found\",\n    \"message\": \"no table "
      "a.b\"\n  }\n}\n");
}

TEST(RenderTest, BytesThatAreNoTextHarmNothing) {
  Document document;
  document.AddRecord().Add("x", std::string("\xff\x1b[31m"));
  EXPECT_EQ(As(OutputFormat::kText, document), "x  \xff\\x1b[31m\n");
  EXPECT_EQ(As(OutputFormat::kJsonl, document), "{\"x\":\"\xEF\xBF\xBD\\u001b[31m\"}\n");
}

TEST(RenderTest, EmptyTableStillShowsItsColumns) {
  Document document;
  document.AddTable({{"a"}, {"b"}});
  EXPECT_EQ(As(OutputFormat::kText, document), "a  b\n");
  EXPECT_EQ(As(OutputFormat::kJson, document), "[]\n");
  EXPECT_EQ(As(OutputFormat::kJsonl, document), "");
}

TEST(RenderTest, RowBlocksMarkWhatChanged) {
  Document document;
  Table& table = document.AddTable({{"id"}, {"sum"}, {"note"}});
  table.row_name = "version";
  table.Add({int64_t{7}, 1.5, "a"});
  table.Add({int64_t{7}, 2.5, std::monostate{}});
  EXPECT_EQ(As(OutputFormat::kText, document),
            "version 1 of 2\n"
            "  id    7\n"
            "  sum   1.5\n"
            "  note  a\n"
            "\n"
            "version 2 of 2\n"
            "  id    7\n"
            "* sum   2.5  (was 1.5)\n"
            "* note  null  (was a)\n");
}

TEST(NumberTextTest, NumbersReadWell) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(-1234), "-1,234");
  EXPECT_EQ(FormatCount(-123), "-123");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(3LL << 40), "3.0 TiB");
  EXPECT_EQ(FormatSeconds(0.123), "0.12 s");
  EXPECT_EQ(FormatSeconds(59.9), "59.9 s");
  EXPECT_EQ(FormatSeconds(125), "2 min 5 s");
  EXPECT_EQ(FormatSeconds(12'000), "3 h 20 min");
  EXPECT_EQ(FormatSeconds(439'200), "5 d 2 h");
}

TEST(ExitCodeTest, EachKindEndsAsTheInterfaceSays) {
  EXPECT_EQ(ExitCodeOf(ErrorKind::kInvalidArgument), 2);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kUnsupported), 2);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kContractViolation), 3);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kCorrupt), 1);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kNotFound), 1);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kInternal), 1);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kConflict), 75);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kCommitUnknown), 75);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kUnavailable), 75);
  EXPECT_EQ(ExitCodeOf(ErrorKind::kCancelled), 130);
}

}  // namespace
}  // namespace calve::app
