#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "generate/event_files.h"

namespace calve::generate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Every event of a file, or the Error.
Result<std::vector<OwnedRecord>> ReadAll(const std::string& text,
                                         size_t piece = 1 << 20) {
  CALVE_ASSIGN(EventCsvReader reader,
               EventCsvReader::Make("events.csv", SourceOf(text, piece)));
  std::vector<OwnedRecord> records;
  EventRecord record;
  while (true) {
    CALVE_ASSIGN(const bool found, reader.Next(record));
    if (!found) {
      return records;
    }
    records.push_back(Own(record));
  }
}

Error ErrorOf(const std::string& text) {
  const auto records = ReadAll(text);
  return records ? Error{ErrorKind::kInternal, "no error"} : records.error();
}

Status WriteTo(std::string& text, const std::vector<OwnedRecord>& records) {
  EventCsvWriter writer(std::vector<std::string>{"a", "b,\"c\""},
                        [&text](std::string_view bytes) {
                          text += bytes;
                          return Status();
                        });
  for (const OwnedRecord& owned : records) {
    const std::vector<Field> fields(owned.begin(), owned.end());
    CALVE_TRY(writer.Write({.operation = fields[0],
                            .timestamp = fields[1],
                            .table_schema = fields[2],
                            .table_name = fields[3],
                            .payload = std::span(fields).subspan(4)}));
  }
  return writer.Finish();
}

constexpr char kHeader[] = "audit_operation,audit_timestamp,schema,table,order_id,note\n";

TEST(EventCsvWriterTest, WritesNullAsNothingAndTheEmptyStringAsQuotes) {
  std::string text;
  ASSERT_TRUE(WriteTo(text, {{"I", "2025-01-01", "public", "orders", std::nullopt, ""},
                             {"U", "t", "s", "\"x\"", "1,2", "line\nend\r"}}));
  EXPECT_EQ(text,
            "audit_operation,audit_timestamp,schema,table,a,\"b,\"\"c\"\"\"\n"
            "I,2025-01-01,public,orders,,\"\"\n"
            "U,t,s,\"\"\"x\"\"\",\"1,2\",\"line\nend\r\"\n");
}

TEST(EventCsvWriterTest, PassesTheSinksErrorOn) {
  EventCsvWriter writer(std::vector<std::string>{}, [](std::string_view) -> Status {
    return Error{ErrorKind::kUnavailable, "disk full"};
  });
  const Status status = writer.Finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
}

TEST(EventCsvTest, WhatIsWrittenIsReadBackHoweverTheBytesArrive) {
  EXPECT_TRUE(rc::check([] {
    const auto field = rc::gen::oneOf(
        rc::gen::just(std::optional<std::string>()),
        rc::gen::map(rc::gen::container<std::string>(
                         rc::gen::elementOf(std::string("a,\"\n\r \xC3\xA9"))),
                     [](std::string text) { return std::optional(std::move(text)); }));
    const auto records = *rc::gen::container<std::vector<OwnedRecord>>(
        rc::gen::container<OwnedRecord>(6, field));
    std::string text;
    RC_ASSERT(WriteTo(text, records).has_value());
    const auto read = ReadAll(text, *rc::gen::inRange<size_t>(1, 64));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == records);
  }));
}

TEST(EventCsvReaderTest, ReadsFurtherColumnsInAnyOrderAsPayload) {
  auto reader = EventCsvReader::Make(
      "f", SourceOf("color,table,schema,audit_timestamp,audit_operation,order_id\r\n"
                    "red,orders,public,2025-01-01 00:00:00+00,I,7\r\n"));
  ASSERT_TRUE(reader);
  EXPECT_THAT(reader->payload_columns(), ElementsAre("color", "order_id"));
  EventRecord record;
  const Result<bool> found = reader->Next(record);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(Own(record),
            (OwnedRecord{"I", "2025-01-01 00:00:00+00", "public", "orders", "red", "7"}));
}

TEST(EventCsvReaderTest, ReadsALastLineWithoutLineEnd) {
  const auto records = ReadAll(std::string(kHeader) + "I,t,public,orders,1,\"\"");
  ASSERT_TRUE(records);
  EXPECT_THAT(*records, ElementsAre(OwnedRecord{"I", "t", "public", "orders", "1", ""}));
}

TEST(EventCsvReaderTest, ReadsARecordLongerThanItsBuffer) {
  const std::string note(3'000'000, ',');
  const auto records =
      ReadAll(std::string(kHeader) + "I,t,public,orders,1,\"" + note + "\"\n", 1000);
  ASSERT_TRUE(records);
  EXPECT_THAT(*records,
              ElementsAre(OwnedRecord{"I", "t", "public", "orders", "1", note}));
}

TEST(EventCsvReaderTest, NamesWhatIsWrongWithAHeader) {
  for (const auto& [header, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "no header"},
           {"audit_operation,schema,table\n", "no column 'audit_timestamp'"},
           {"audit_operation,audit_timestamp,schema,table,a,a\n",
            "without a name of its own"},
           {"audit_operation,audit_timestamp,schema,table,\n",
            "without a name of its own"},
           {"audit_operation,audit_timestamp,table,table\n", "no column 'schema'"}}) {
    const Error error = ErrorOf(header);
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << header;
    EXPECT_THAT(error.message, HasSubstr(message));
    EXPECT_THAT(error.message, HasSubstr("events.csv"));
  }
}

TEST(EventCsvReaderTest, NamesTheRecordThatIsNoCsv) {
  const std::string good = std::string(kHeader) + "I,t,public,orders,1,\n";
  for (const auto& [line, message] : std::vector<std::pair<std::string, std::string>>{
           {"I,t,public,orders,1\n", "5 fields, not 6, in record 3"},
           {"I,t,public,orders,1,2,3", "7 fields, not 6, in record 3"},
           {"\n", "1 fields, not 6, in record 3"},
           {"I,t,public,orders,1,\"open\n\n", "a quote that is never closed in record 3"},
           {"I,t,public,orders,1,a\"b\"\n", "a quote out of place in record 3"},
           {"I,t,public,orders,1,\"b\"c\n", "a quote out of place in record 3"}}) {
    const Error error = ErrorOf(good + line);
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << line;
    EXPECT_THAT(error.message, HasSubstr(message));
  }
}

TEST(EventCsvReaderTest, PassesTheSourcesErrorOn) {
  const auto reader = EventCsvReader::Make("f", [](std::span<char>) -> Result<size_t> {
    return Error{ErrorKind::kUnavailable, "unplugged"};
  });
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kUnavailable);
}

TEST(EventCsvReaderTest, AnyBytesEndInRecordsOrAnError) {
  EXPECT_TRUE(rc::check([] {
    const auto body = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("a,\"\n\r\0\xFF", 7)));
    const auto records = ReadAll(kHeader + body);
    if (!records) {
      RC_ASSERT(records.error().kind == ErrorKind::kCorrupt);
    }
  }));
}

}  // namespace
}  // namespace calve::generate
