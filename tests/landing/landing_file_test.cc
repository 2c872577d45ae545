#include "landing/landing_file.h"

#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/local_store.h"
#include "landing/event_rows.h"
#include "landing/file_record.h"
#include "support/temp_folder.h"

namespace calve::landing {
namespace {

using ::testing::HasSubstr;

const std::string kFileHeader =
    "audit_event_id,audit_operation,audit_timestamp,tbl_schema,tbl_name,raw_data\n";

TEST(LandingFileTest, NamesCarryTheDateInUtc) {
  EXPECT_EQ(DatedName({0}, "x"), "1970/01/01/x.csv");
  EXPECT_EQ(DatedName({-1}, "x"), "1969/12/31/x.csv");
  EXPECT_EQ(DatedName({1'706'745'599'999'999}, "x"), "2024/01/31/x.csv");
}

TEST(LandingFileTest, AClosedFileIsThereWithItsHashRowsAndBytes) {
  const calve::testing::TempFolder folder;
  io::LocalStore store;
  const std::string location = folder.path() + "/a/b.csv";
  auto writer = *LandingFileWriter::Start(store, location, "a/b.csv", {100, 1 << 20});
  EXPECT_EQ(
      *writer->Append(*ToBatch({{1, "I", {}, {}, {}, "x"}, {2, {}, {}, {}, {}, ""}}), 1),
      1);
  EXPECT_EQ(*writer->Append(*ToBatch({{3, "D", {}, {}, {}, {}}}), 0), 1);
  EXPECT_EQ(writer->rows(), 2);
  EXPECT_FALSE(store.Open(location));
  const auto file = writer->Close();
  ASSERT_TRUE(file);
  const std::string text = kFileHeader + "2,,,,,\"\"\n3,D,,,,\n";
  EXPECT_EQ(*io::ReadObject(store, location), text);
  EXPECT_EQ(*file, (LandedFile{"a/b.csv", io::Sha256Hex(text), 2,
                               static_cast<int64_t>(text.size())}));
}

TEST(LandingFileTest, AFileIsFullByRowsOrByBytes) {
  const calve::testing::TempFolder folder;
  io::LocalStore store;
  const auto batch = ToBatch(std::vector<EventRow>(2000, {1, "I", {}, {}, {}, {}}));
  const auto rows_of = [&](FileLimits limits) {
    auto writer = *LandingFileWriter::Start(store, folder.path() + "/f.csv", "f", limits);
    const int64_t rows = *writer->Append(*batch, 0);
    EXPECT_EQ(writer->Close()->rows, rows);
    return rows;
  };
  const auto header = static_cast<int64_t>(kFileHeader.size());
  EXPECT_EQ(rows_of({.rows = 1500, .bytes = 1 << 20}), 1500);
  EXPECT_EQ(rows_of({.rows = 9999, .bytes = header + 8 * 700 + 7}), 700);
  EXPECT_EQ(rows_of({.rows = 9999, .bytes = 1}), 1);
  EXPECT_EQ(rows_of({.rows = 9999, .bytes = 1 << 20}), 2000);
}

TEST(LandingFileTest, ALongRowGoesWhereItFitsHoweverManyQuotesItHas) {
  const calve::testing::TempFolder folder;
  io::LocalStore store;
  const std::string quotes = "\"\"\"";
  const auto is_appended = [&](FileLimits limits, bool has_rows) {
    auto writer = *LandingFileWriter::Start(store, folder.path() + "/f.csv", "f", limits);
    if (has_rows) {
      EXPECT_EQ(*writer->Append(*ToBatch({{1, {}, {}, {}, {}, "x"}}), 0), 1);
    }
    bool given = false;
    const bool appended = *writer->AppendLong(
        *ToBatch({{2, "I", {}, {}, {}, {}}}),
        {.bytes = 3, .quoted = true, .next_piece = [&] {
           const bool first = !std::exchange(given, true);
           return Result<std::optional<std::string_view>>(
               first ? std::optional<std::string_view>(quotes) : std::nullopt);
         }});
    EXPECT_EQ(given, appended);
    const auto file = *writer->Close();
    const std::string text = kFileHeader + (has_rows ? "1,,,,,x\n" : "") +
                             (appended ? "2,I,,,,\"\"\"\"\"\"\"\"\n" : "");
    EXPECT_EQ(*io::ReadObject(store, folder.path() + "/f.csv"), text);
    EXPECT_EQ(file, (LandedFile{"f", io::Sha256Hex(text), has_rows + appended,
                                static_cast<int64_t>(text.size())}));
    return appended;
  };
  const auto full = static_cast<int64_t>(kFileHeader.size()) + 8 + 16;
  EXPECT_TRUE(is_appended({.rows = 2, .bytes = full}, /*has_rows=*/true));
  EXPECT_FALSE(is_appended({.rows = 2, .bytes = full - 1}, /*has_rows=*/true));
  EXPECT_FALSE(is_appended({.rows = 1, .bytes = full}, /*has_rows=*/true));
  EXPECT_TRUE(is_appended({.rows = 1, .bytes = 1}, /*has_rows=*/false));
}

TEST(LandingFileTest, AFileThatIsNotClosedLeavesNothing) {
  const calve::testing::TempFolder folder;
  io::LocalStore store;
  {
    auto writer =
        *LandingFileWriter::Start(store, folder.path() + "/f.csv", "f", {9, 999});
    ASSERT_TRUE(writer->Append(*ToBatch({{1, {}, {}, {}, {}, {}}}), 0));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FileRecordTest, TheSameContentIsRecordedOnceAndAnotherIsRefused) {
  const calve::testing::TempFolder folder;
  io::LocalStore store;
  const auto record = [&](const std::string& sha256) {
    return RecordFile(store, folder.path(), "raw", "raw/x.csv", sha256);
  };
  EXPECT_TRUE(record("one"));
  EXPECT_TRUE(record("one"));
  EXPECT_TRUE(RecordFile(store, folder.path(), "raw", "raw/y.csv", "two"));
  const Status changed = record("two");
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(changed.error().message, HasSubstr("landing_file_changed: 'raw/x.csv'"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/raw/_calve/files/" +
                                      io::Sha256Hex("raw/x.csv") + ".json"));
}

TEST(FileRecordTest, ABrokenRecordIsCorrupt) {
  const calve::testing::TempFolder folder;
  io::LocalStore store;
  const std::string location =
      folder.path() + "/_calve/files/" + io::Sha256Hex("x.csv") + ".json";
  ASSERT_TRUE(io::WriteObject(store, location, "{}"));
  const Status status = RecordFile(store, folder.path(), "", "x.csv", "one");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(status.error().message, HasSubstr(location));
}

}  // namespace
}  // namespace calve::landing
