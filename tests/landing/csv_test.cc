#include <array>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/event.h"
#include "core/far_timestamp.h"
#include "io/system.h"
#include "landing/csv_reader.h"
#include "landing/csv_writer.h"
#include "landing/event_rows.h"

namespace calve::landing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kHeader =
    "audit_event_id,audit_operation,audit_timestamp,tbl_schema,tbl_name,raw_data\n";
constexpr CsvWriter::Limit kNoLimit = {.rows = INT64_MAX, .bytes = INT64_MAX};

std::string Write(const std::vector<EventRow>& rows) {
  CsvWriter writer;
  const auto count = writer.Append(*ToBatch(rows), 0, kNoLimit, /*has_rows=*/false);
  EXPECT_TRUE(count && *count == static_cast<int64_t>(rows.size()));
  return std::string(writer.bytes());
}

Result<std::vector<EventRow>> Read(const std::string& text,
                                   const CsvReadOptions& options = {}) {
  CsvReader reader(std::make_unique<TextFile>(text), "f.csv", options);
  std::vector<EventRow> rows;
  while (true) {
    CALVE_ASSIGN(const auto batch, reader.Next());
    if (batch == nullptr) {
      return rows;
    }
    EXPECT_TRUE(batch->ValidateFull().ok());
    EXPECT_GT(batch->num_rows(), 0);
    AddRows(*batch, rows);
  }
}

std::vector<EventRow> ReadRows(const std::string& body,
                               const CsvReadOptions& options = {}) {
  const auto rows = Read(std::string(kHeader) + body, options);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? *rows : std::vector<EventRow>{};
}

std::string ReadError(const std::string& text, const CsvReadOptions& options = {}) {
  const auto rows = Read(text, options);
  EXPECT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kCorrupt);
  return rows.error().message;
}

/// One Unicode character as UTF-8; plain and special ones of CSV more often than others.
rc::Gen<std::string> AnyCharacter() {
  const auto scalar =
      rc::gen::map(rc::gen::inRange<uint32_t>(1, 0x10FFFF - 0x800), [](uint32_t value) {
        const uint32_t c = value < 0xD800 ? value : value + 0x800;  // no surrogates
        std::string out;
        if (c < 0x80) {
          out += static_cast<char>(c);
        } else if (c < 0x800) {
          out += static_cast<char>(0xC0U | (c >> 6U));
        } else if (c < 0x10000) {
          out += static_cast<char>(0xE0U | (c >> 12U));
          out += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
        } else {
          out += static_cast<char>(0xF0U | (c >> 18U));
          out += static_cast<char>(0x80U | ((c >> 12U) & 0x3FU));
          out += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
        }
        if (c >= 0x80) {
          out += static_cast<char>(0x80U | (c & 0x3FU));
        }
        return out;
      });
  return rc::gen::weightedOneOf<std::string>(
      {{6, rc::gen::map(rc::gen::element('"', ',', '\n', '\r', '\\', '.', 'a', ' '),
                        [](char c) { return std::string(1, c); })},
       {1, rc::gen::just(std::string("plain text of some length"))},
       {2, scalar}});
}

rc::Gen<std::optional<std::string>> AnyText() {
  const auto text =
      rc::gen::map(rc::gen::container<std::vector<std::string>>(AnyCharacter()),
                   [](const std::vector<std::string>& characters) {
                     std::string out;
                     for (const std::string& character : characters) {
                       out += character;
                     }
                     return std::optional(out);
                   });
  return rc::gen::weightedOneOf<std::optional<std::string>>(
      {{1, rc::gen::just(std::optional<std::string>())}, {5, text}});
}

rc::Gen<std::optional<int64_t>> AnyTimestamp() {
  const auto some = [](int64_t value) { return std::optional(value); };
  return rc::gen::oneOf(
      rc::gen::just(std::optional<int64_t>()),
      rc::gen::map(rc::gen::inRange<int64_t>(-210'866'803'200'000'000, 0), some),
      rc::gen::map(rc::gen::inRange<int64_t>(0, INT64_MAX), some),
      rc::gen::map(rc::gen::inRange<int64_t>(1'700'000'000'000'000,
                                             1'700'000'000'000'000 + 200'000'000'000),
                   some),
      rc::gen::map(rc::gen::inRange<int64_t>(1'700'000'000, 1'700'200'000),
                   [](int64_t seconds) { return std::optional(seconds * 1'000'000); }));
}

rc::Gen<std::vector<EventRow>> AnyRows() {
  return rc::gen::container<std::vector<EventRow>>(rc::gen::apply(
      [](int64_t id, std::optional<std::string> operation, std::optional<int64_t> time,
         std::optional<std::string> schema, std::optional<std::string> payload) {
        return EventRow{id,       std::move(operation), time, std::move(schema),
                        "orders", std::move(payload)};
      },
      rc::gen::arbitrary<int64_t>(), AnyText(), AnyTimestamp(), AnyText(), AnyText()));
}

TEST(CsvWriterTest, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(Write({{1, "I", 1'706'745'599'123'400, "public", "orders", R"({"id": 7})"},
                   {-2, "", std::nullopt, "a,b", "x\ny", "\r"},
                   {3, std::nullopt, 0, "\\.", " ", "NULL"}}),
            std::string(kHeader) +
                "1,I,2024-01-31 23:59:59.1234+00,public,orders,\"{\"\"id\"\": 7}\"\n"
                "-2,\"\",,\"a,b\",\"x\ny\",\"\r\"\n"
                "3,,1970-01-01 00:00:00+00,\\., ,NULL\n");
}

TEST(CsvWriterTest, AFileWithoutRowsIsTheHeader) {
  EXPECT_EQ(Write({}), kHeader);
}

TEST(CsvWriterTest, TimestampsAreThoseOfFormatPostgresTimestamp) {
  EXPECT_TRUE(rc::check([] {
    const auto time = *AnyTimestamp();
    RC_PRE(time.has_value());
    const std::string text = Write({{1, {}, time, {}, {}, {}}});
    RC_ASSERT(text ==
              std::string(kHeader) + "1,," + FormatPostgresTimestamp({*time}) + ",,,\n");
  }));
}

TEST(CsvWriterTest, StopsBeforeTheRowThatPassesTheLimitButNeverBeforeTheFirst) {
  const auto batch = ToBatch({{1, "I", {}, {}, {}, {}}, {2, "I", {}, {}, {}, {}}});
  const int64_t one_row = static_cast<int64_t>(kHeader.size() + 8);
  const auto rows = [&](CsvWriter::Limit limit, bool has_rows) {
    CsvWriter writer;
    return *writer.Append(*batch, 0, limit, has_rows);
  };
  EXPECT_EQ(rows({.rows = 9, .bytes = one_row + 7}, /*has_rows=*/false), 1);
  EXPECT_EQ(rows({.rows = 9, .bytes = one_row + 8}, /*has_rows=*/false), 2);
  EXPECT_EQ(rows({.rows = 1, .bytes = one_row + 8}, /*has_rows=*/false), 1);
  EXPECT_EQ(rows({.rows = 9, .bytes = 0}, /*has_rows=*/false), 1);
  EXPECT_EQ(rows({.rows = 9, .bytes = 0}, /*has_rows=*/true), 0);
}

TEST(CsvWriterTest, ABatchOfOtherColumnsIsRefused) {
  CsvWriter writer;
  const auto batch = *arrow::RecordBatch::MakeEmpty(LandedEventSchema());
  const auto count = writer.Append(*batch, 0, kNoLimit, /*has_rows=*/false);
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().kind, ErrorKind::kInvalidArgument);
}

TEST(CsvLawTest, WhatIsWrittenIsRead) {
  EXPECT_TRUE(rc::check([] {
    const auto rows = *AnyRows();
    const auto chunk = *rc::gen::inRange<size_t>(1, 80);
    const auto batch_rows = *rc::gen::inRange<int64_t>(1, 5);
    const auto read = Read(Write(rows), {.batch_rows = batch_rows, .chunk_bytes = chunk});
    if (!read) {
      RC_FAIL(read.error().message);
    }
    RC_ASSERT(*read == rows);
  }));
}

TEST(CsvReaderTest, EveryChunkCutGivesTheSameRows) {
  const std::vector<EventRow> rows = {
      {1, "I", 1'706'745'599'123'400, "public", "orders", R"({"a": "\"x\"", "b": ""})"},
      {2, "", {}, "", "\"", "\"\""},
      {3, {}, 0, "ä€😀", "a\r\nb", std::string(100, '"')}};
  const std::string text = Write(rows);
  for (size_t chunk = 1; chunk <= text.size() + 1; ++chunk) {
    const auto read = Read(text, {.chunk_bytes = chunk});
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(*read, rows) << "chunks of " << chunk;
  }
}

TEST(CsvReaderTest, TakesCrlfByteOrderMarkAndAMissingLastLineEnd) {
  std::string text = "\xEF\xBB\xBF" + std::string(kHeader) + "1,I,,,,\"a\r\nb\"\n2,,,,,";
  text.replace(text.find("raw_data\n") + 8, 1, "\r\n");
  text.replace(text.find("b\"\n") + 2, 1, "\r\n");
  for (const size_t chunk : {1, 2, 3, 1000}) {
    const auto rows = Read(text, {.chunk_bytes = chunk});
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_THAT(*rows, ElementsAre(EventRow{1, "I", {}, {}, {}, "a\r\nb"},
                                   EventRow{2, {}, {}, {}, {}, {}}));
  }
}

TEST(CsvReaderTest, TakesTimestampsInEveryFormAndQuotedNumbers) {
  const std::string day = "2024-01-31 ";
  for (const auto& [text, micros] : std::vector<std::pair<std::string, int64_t>>{
           {day + "23:59:59+00", 1'706'745'599'000'000},
           {day + "23:59:59.5+00", 1'706'745'599'500'000},
           {day + "23:59:59.1234567+00", 1'706'745'599'123'457},
           {"2024-01-31T23:59:59Z", 1'706'745'599'000'000},
           {day + "24:00:00+00", 1'706'745'600'000'000},
           {day + "23:59:59", 1'706'745'599'000'000},
           {day + "23:59:59+02", 1'706'738'399'000'000},
           {"\"2024-01-31 23:59:59+00\"", 1'706'745'599'000'000}}) {
    EXPECT_THAT(ReadRows("\"1\",," + text + ",,,\n"),
                ElementsAre(EventRow{1, {}, micros, {}, {}, {}}))
        << text;
  }
}

TEST(CsvReaderTest, CutsBatchesByRowsAndByBytes) {
  const auto sizes = [](const CsvReadOptions& options) {
    std::string text(kHeader);
    for (int i = 0; i < 5; ++i) {
      text += "1,,,,," + std::string(84, 'x') + "\n";  // 100 bytes with id and timestamp
    }
    CsvReader reader(std::make_unique<TextFile>(text), "f.csv", options);
    std::vector<int64_t> out;
    for (auto batch = *reader.Next(); batch != nullptr; batch = *reader.Next()) {
      out.push_back(batch->num_rows());
    }
    return out;
  };
  EXPECT_THAT(sizes({.batch_rows = 2}), ElementsAre(2, 2, 1));
  EXPECT_THAT(sizes({.batch_bytes = 300}), ElementsAre(3, 2));
  EXPECT_THAT(sizes({.batch_bytes = 1}), ElementsAre(1, 1, 1, 1, 1));
}

TEST(CsvReaderTest, AFileWithoutRowsEndsAtOnce) {
  EXPECT_THAT(ReadRows(""), ElementsAre());
}

TEST(CsvReaderTest, TheFirstLineMustBeTheHeader) {
  const std::string expected =
      "f.csv, line 1, column 1 (audit_event_id): the first line "
      "must be the header audit_event_id,";
  EXPECT_THAT(ReadError(""), HasSubstr(expected));
  EXPECT_THAT(ReadError("1,I,,,,\n"), HasSubstr(expected));
  EXPECT_THAT(ReadError("audit_event_id\n"), HasSubstr(expected));
  EXPECT_THAT(ReadError(std::string(kHeader.substr(0, kHeader.size() - 3))),
              HasSubstr(expected));
}

TEST(CsvReaderTest, NoIdAndFarMomentsAreNull) {
  const auto rows =
      ReadRows(",,,,,\n1,,infinity,,,\n2,,294276-12-31 23:59:59.999999+00,,,\n");
  ASSERT_EQ(rows.size(), 3U);
  for (const EventRow& row : rows) {
    EXPECT_EQ(row.timestamp_us, std::nullopt);
  }
}

TEST(CsvWriterTest, FarMomentsAreTheirTexts) {
  const EventRow row = {1, {}, FromPostgresTimestamp(INT64_MIN).value, {}, {}, {}};
  EXPECT_EQ(Write({row}), std::string(kHeader) + "1,,-infinity,,,\n");
}

TEST(CsvReaderTest, ErrorsNameLineAndColumn) {
  const std::string text = std::string(kHeader) + "1,I,,,,\"two\nlines\"\n";
  const std::string where = "f.csv, line 4, column ";
  for (const auto& [row, message] : std::vector<std::pair<std::string, std::string>>{
           {"x,,,,,\n", "1 (audit_event_id): not a 64-bit whole number"},
           {"9223372036854775808,,,,,\n",
            "1 (audit_event_id): not a 64-bit whole number"},
           {"\"\",,,,,\n", "1 (audit_event_id): not a 64-bit whole number"},
           {" 1,,,,,\n", "1 (audit_event_id): not a 64-bit whole number"},
           {"1,,,,\n", "5 (tbl_name): the row has 5 columns, not 6"},
           {"1,,,,,,\n", "6 (raw_data): the row has 7 columns, not 6"},
           {"\n", "1 (audit_event_id): the row has 1 columns, not 6"},
           {"1,,,,,a\"b\n", "6 (raw_data): a quote within a field that is not in quotes"},
           {"1,,,,,\"a\"b\n", "6 (raw_data): text behind a closing quote"},
           {"1,,,,,\"a\nb", "6 (raw_data): the quote is never closed"},
           {"1,,,,,a\rb\n", "6 (raw_data): a carriage return that no line feed follows"},
           {"1,,,,,a\r", "6 (raw_data): a carriage return that no line feed follows"}}) {
    for (const size_t chunk : {1, 7, 1000}) {
      EXPECT_EQ(ReadError(text + row, {.chunk_bytes = chunk}), where + message) << row;
    }
  }
}

TEST(CsvReaderTest, FieldsAndRowsHaveAGreatestLength) {
  const std::string text(kHeader);
  const CsvReadOptions options = {
      .max_event_bytes = 100, .long_row_bytes = 1000, .chunk_bytes = 1000};
  EXPECT_EQ(ReadRows("1,,,,,\"" + std::string(200, '"') + "\"\n", options).size(), 1U);
  EXPECT_EQ(ReadError(text + "1,,,," + std::string(101, 'x') + ",\n", options),
            "f.csv, line 2, column 5 (tbl_name): longer than 100 bytes");
  EXPECT_THAT(ReadError(text + "1,,,,\"" + std::string(3'000'000, 'x'), options),
              HasSubstr("f.csv, line 2, column 1 (audit_event_id): the columns before "
                        "raw_data are longer than 1050576 bytes"));
}

TEST(CsvReaderTest, APayloadAboveTheLimitGivesWayToItsHashAndTheNextRowsAreRead) {
  const std::string payload = "{\"a\": \"" + std::string(5'000, 'x') + "\"}\n";
  std::string quoted;
  for (const char c : payload) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  const std::string rows = "1,I,2024-01-31 23:59:59+00,public,orders,\"" + quoted +
                           "\"\n2,,,,," + std::string(6'000, 'y') + "\r\n3,,,,,z\n";
  const auto marked = [](size_t bytes, const std::string& hash) {
    return "calve:unfit max_event_bytes raw_data raw_data has " + std::to_string(bytes) +
           " bytes, above max_event_bytes (4000); its SHA-256 is " + hash +
           "; the landing file in source_file has it";
  };
  for (const size_t long_row : {10, 5'000, 100'000}) {
    for (const size_t chunk : {1, 7, 1000}) {
      EXPECT_THAT(
          ReadRows(rows, {.max_event_bytes = 4'000,
                          .long_row_bytes = long_row,
                          .chunk_bytes = chunk}),
          ElementsAre(EventRow{1, "I", 1'706'745'599'000'000, "public", "orders",
                               marked(payload.size(), io::Sha256Hex(payload))},
                      EventRow{2,
                               {},
                               {},
                               {},
                               {},
                               marked(6'000, io::Sha256Hex(std::string(6'000, 'y')))},
                      EventRow{3, {}, {}, {}, {}, "z"}));
      EXPECT_THAT(ReadRows(rows, {.max_event_bytes = 10'000,
                                  .long_row_bytes = long_row,
                                  .chunk_bytes = chunk}),
                  ElementsAre(EventRow{1, "I", 1'706'745'599'000'000, "public", "orders",
                                       payload},
                              EventRow{2, {}, {}, {}, {}, std::string(6'000, 'y')},
                              EventRow{3, {}, {}, {}, {}, "z"}));
    }
  }
}

TEST(CsvReaderTest, ALongRowIsHeldToTheGrammarToo) {
  const std::string x(2'000, 'x');
  for (const auto& [row, message] : std::vector<std::pair<std::string, std::string>>{
           {"1,,,,,\"" + x, "the quote is never closed"},
           {"1,,,,,\"" + x + "\"a\n", "text behind the payload's end"},
           {"1,,,,,\"" + x + "\",\n", "the row has more than 6 columns"},
           {"1,,,,," + x + "\"\n", "a quote within a field that is not in quotes"},
           {"1,,,,," + x + ",\n", "the row has more than 6 columns"},
           {"1,,,,," + x + "\ra\n", "text behind the payload's end"}}) {
    EXPECT_THAT(
        ReadError(std::string(kHeader) + row, {.long_row_bytes = 100, .chunk_bytes = 10}),
        HasSubstr("column 6 (raw_data): " + message));
  }
}

TEST(CsvReaderTest, WhatDoesNotFitIsMarkedAndKept) {
  for (const std::string& time :
       std::vector<std::string>{std::string(10, '\0') + " 00:00:00+00", "infinit", "\"\"",
                                "2024-02-30 00:00:00+00", "2024-02-20 00:60:00+00",
                                "2024-02-20 00:00:00.1a+00"}) {
    const std::string text = time == "\"\"" ? "" : time;
    EXPECT_THAT(ReadRows("1,," + time + ",,,{}\n2,,,,,x\n"),
                ElementsAre(EventRow{1,
                                     {},
                                     {},
                                     {},
                                     {},
                                     "calve:unfit timestamp audit_timestamp "
                                     "audit_timestamp is no time: `" +
                                         text + "`\n{}"},
                            EventRow{2, {}, {}, {}, {}, "x"}));
  }
  const std::string escaped =
      " is no UTF-8; bytes that are no character are written \\xNN, backslashes doubled";
  EXPECT_THAT(
      ReadRows("1,,,,,a\\\xC0\xAF\xC3\xA4\n2,,,\xED\xA0\x80,,\n"),
      ElementsAre(EventRow{1,
                           {},
                           {},
                           {},
                           {},
                           "calve:unfit encoding raw_data raw_data" + escaped +
                               "\na\\\\\\xc0\\xaf\xC3\xA4"},
                  EventRow{2,
                           {},
                           {},
                           "\\xed\\xa0\\x80",
                           {},
                           "calve:unfit encoding tbl_schema tbl_schema" + escaped}));
}

TEST(CsvReaderTest, AfterAnErrorEveryCallReturnsIt) {
  CsvReader reader(std::make_unique<TextFile>(std::string(kHeader) + "x,,,,,\n1,,,,,\n"),
                   "f.csv");
  const auto first = reader.Next();
  const auto second = reader.Next();
  ASSERT_FALSE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(first.error().message, second.error().message);
}

TEST(CsvLawTest, NoBytesCrashTheReader) {
  EXPECT_TRUE(rc::check([] {
    const auto bytes = *rc::gen::container<std::string>(
        rc::gen::weightedOneOf<char>({{3, rc::gen::element('"', ',', '\n', '\r', '1')},
                                      {1, rc::gen::arbitrary<char>()}}));
    const auto chunk = *rc::gen::inRange<size_t>(1, 20);
    const auto whole = Read(std::string(kHeader) + bytes);
    const auto cut = Read(std::string(kHeader) + bytes, {.chunk_bytes = chunk});
    RC_ASSERT(whole.has_value() == cut.has_value());
    const bool same =
        whole ? *whole == *cut : whole.error().message == cut.error().message;
    RC_ASSERT(same);
  }));
}

}  // namespace
}  // namespace calve::landing
