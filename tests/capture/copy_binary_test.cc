#include "capture/copy_binary.h"

#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/far_timestamp.h"
#include "landing/event_rows.h"

namespace calve::capture {
namespace {

using landing::EventRow;
using ::testing::ElementsAre;

constexpr int64_t kEpochMicros = 946'684'800'000'000;  // of 2000

template <typename T>
std::string BigEndian(T value) {
  std::string out;
  for (size_t i = sizeof(T); i > 0; --i) {
    out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * (i - 1)));
  }
  return out;
}

std::string Field(const std::optional<std::string>& bytes) {
  return bytes ? BigEndian(static_cast<int32_t>(bytes->size())) + *bytes
               : BigEndian(int32_t{-1});
}

const std::string kHeader = std::string("PGCOPY\n\377\r\n\0", 11) + std::string(8, '\0');
const std::string kEnd = BigEndian(int16_t{-1});

std::string Row(std::optional<std::string> id, std::optional<std::string> time,
                const std::string& payload, std::optional<std::string> row_sql = {}) {
  return BigEndian(int16_t{7}) + Field(std::move(id)) + Field("I") +
         Field(std::move(time)) + Field(std::nullopt) + Field("") +
         Field(row_sql ? std::nullopt : std::optional(payload)) +
         Field(std::move(row_sql));
}

Result<std::vector<EventRow>> Decode(const std::string& bytes, size_t piece) {
  CopyBinaryDecoder decoder;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    CALVE_TRY(decoder.Append(std::string_view(bytes).substr(at, piece)));
  }
  CALVE_TRY(decoder.Finish());
  CALVE_ASSIGN(const auto batch, decoder.TakeBatch());
  EXPECT_TRUE(batch->ValidateFull().ok());
  std::vector<EventRow> rows;
  landing::AddRows(*batch, rows);
  return rows;
}

Error ErrorOf(const std::string& bytes) {
  const auto rows = Decode(bytes, 1000);
  EXPECT_FALSE(rows);
  return rows ? Error{ErrorKind::kInternal, ""} : rows.error();
}

TEST(CopyBinaryTest, EveryPieceCutGivesTheSameRows) {
  const std::string bytes = kHeader +
                            Row(BigEndian(int64_t{1}), BigEndian(int64_t{0}), "x") +
                            Row(BigEndian(int64_t{-2}), std::nullopt, "") + kEnd;
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    const auto rows = Decode(bytes, piece);
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_THAT(*rows, ElementsAre(EventRow{1, "I", kEpochMicros, {}, "", "x"},
                                   EventRow{-2, "I", {}, {}, "", ""}))
        << "pieces of " << piece;
  }
}

TEST(CopyBinaryTest, FarMomentsAreKeptApart) {
  for (const int64_t far : {INT64_MAX, INT64_MIN, INT64_MAX - 1}) {
    const auto rows =
        Decode(kHeader + Row(BigEndian(int64_t{7}), BigEndian(far), "x") + kEnd,
               /*piece=*/1000);
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ((*rows)[0].timestamp_us, FromPostgresTimestamp(far).value);
  }
}

TEST(CopyBinaryTest, WhatIsNoCopyOfEventsIsCorrupt) {
  const std::string row = Row(BigEndian(int64_t{1}), std::nullopt, "x");
  std::string broken_length = row;
  broken_length.replace(2, 4, BigEndian(int32_t{-2}));
  for (const std::string& bytes :
       {std::string("no copy at all, really"), std::string(), kHeader, kHeader + row,
        kHeader + row.substr(0, 9), kHeader + kEnd + row,
        kHeader + BigEndian(int16_t{5}) + row.substr(2) + kEnd,
        kHeader + broken_length + kEnd, kHeader + Row("four", std::nullopt, "x") + kEnd,
        std::string("PGCOPY\n\377\r\n\0", 11) + BigEndian(int32_t{1 << 16}) +
            BigEndian(int32_t{0}) + kEnd}) {
    EXPECT_EQ(ErrorOf(bytes).kind, ErrorKind::kCorrupt) << bytes;
  }
}

TEST(CopyBinaryTest, LargeEventsAreKeptApart) {
  const std::string row = Row(BigEndian(int64_t{1}), std::nullopt, "x");
  const std::string bytes =
      kHeader + Row(BigEndian(int64_t{2}), std::nullopt, "", "t.ctid = '(0,2)'") + row +
      Row(BigEndian(int64_t{3}), std::nullopt, "", "t.ctid = '(0,3)'") + kEnd;
  CopyBinaryDecoder decoder;
  ASSERT_TRUE(decoder.Append(bytes));
  EXPECT_EQ(decoder.rows(), 1);
  EXPECT_EQ(decoder.bytes(), static_cast<int64_t>(row.size()));
  const auto large = decoder.TakeLargeRows();
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_THAT(large->row_sql, ElementsAre("t.ctid = '(0,2)'", "t.ctid = '(0,3)'"));
  std::vector<EventRow> rows;
  landing::AddRows(*large->rows, rows);
  EXPECT_THAT(rows, ElementsAre(EventRow{2, "I", {}, {}, "", {}},
                                EventRow{3, "I", {}, {}, "", {}}));
}

TEST(CopyBinaryTest, BatchesBeginAnew) {
  CopyBinaryDecoder decoder;
  const std::string row = Row(BigEndian(int64_t{1}), std::nullopt, "x");
  ASSERT_TRUE(decoder.Append(kHeader + row + row));
  EXPECT_EQ(decoder.rows(), 2);
  EXPECT_EQ(decoder.bytes(), static_cast<int64_t>(2 * row.size()));
  EXPECT_EQ((*decoder.TakeBatch())->num_rows(), 2);
  EXPECT_EQ(decoder.rows(), 0);
  EXPECT_EQ(decoder.bytes(), 0);
  ASSERT_TRUE(decoder.Append(row + kEnd));
  EXPECT_TRUE(decoder.Finish());
  EXPECT_EQ((*decoder.TakeBatch())->num_rows(), 1);
}

}  // namespace
}  // namespace calve::capture
