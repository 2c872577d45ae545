#include "generate/generator.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generate/event_files.h"

namespace calve::generate {
namespace {

/// Positions in an OwnedRecord.
enum : size_t { kOperation = 0, kTime = 1, kId = 4, kUpdated = 7, kDescription = 9 };

std::vector<OwnedRecord> Records(const GenerateOptions& options,
                                 EarlierOrders earlier = {}) {
  auto records = GenerateRecords(options, std::move(earlier));
  EXPECT_TRUE(records);
  return records ? *records : std::vector<OwnedRecord>();
}

std::map<std::string, int> CountByOperation(const std::vector<OwnedRecord>& records) {
  std::map<std::string, int> counts;
  for (const OwnedRecord& record : records) {
    ++counts[record[kOperation].value_or("")];
  }
  return counts;
}

/// Operations of each order in the order of time, as in "IUUD".
std::map<std::string, std::string> Lives(std::vector<OwnedRecord> records) {
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return a[kTime] < b[kTime]; });
  std::map<std::string, std::string> lives;
  for (const OwnedRecord& record : records) {
    lives[record[kId].value_or("")] += record[kOperation].value_or("");
  }
  return lives;
}

GenerateOptions OrderlyEvents(int64_t events) {
  return {.events = events, .late_per_mille = 0, .repeated_per_mille = 0};
}

TEST(GeneratorTest, ASeedNamesAFileForGood) {
  const auto file = GenerateFile({.events = 3, .seed = 7});
  ASSERT_TRUE(file);
  EXPECT_EQ(
      *file,
      "audit_operation,audit_timestamp,schema,table,order_id,order_timestamp,created_at,"
      "updated_at,sum,description\n"
      "I,2025-01-01 00:00:01.679255+00,public,orders,1,2024-12-31T23:59:02.813392+00:00,"
      "2025-01-01T00:00:01.679255+00:00,2025-01-01T00:00:01.679255+00:00,9.79,"
      "1 x linen wardrobe; second floor\n"
      "D,2025-01-01 00:00:01.888127+00,public,orders,1,2024-12-31T23:59:02.813392+00:00,"
      "2025-01-01T00:00:01.679255+00:00,2025-01-01T00:00:01.679255+00:00,9.79,"
      "1 x linen wardrobe; second floor\n"
      "I,2025-01-01 00:00:03.766059+00,public,orders,2,2024-12-31T23:59:36.680880+00:00,"
      "2025-01-01T00:00:03.766059+00:00,2025-01-01T00:00:03.766059+00:00,534.90,"
      "10 x compact coffee table; 6 x compact bed sheet; no plastic wrapping\n");
}

TEST(GeneratorTest, AnotherSeedMakesAnotherFile) {
  EXPECT_EQ(*GenerateFile({.events = 100, .seed = 1}),
            *GenerateFile({.events = 100, .seed = 1}));
  EXPECT_NE(*GenerateFile({.events = 100, .seed = 1}),
            *GenerateFile({.events = 100, .seed = 2}));
}

TEST(GeneratorTest, MakesExactlyTheEventsAskedFor) {
  for (const int64_t events : {1, 2, 10, 999, 5000}) {
    const GenerateOptions options = {
        .events = events, .late_per_mille = 200, .repeated_per_mille = 200};
    EXPECT_EQ(Records(options).size(), static_cast<size_t>(events));
  }
}

TEST(GeneratorTest, SevenOfTenEventsInsertTwoUpdateAndOneDeletes) {
  const auto counts = CountByOperation(Records({.events = 20'000}));
  EXPECT_NEAR(counts.at("I"), 14'000, 400);
  EXPECT_NEAR(counts.at("U"), 4'000, 400);
  EXPECT_NEAR(counts.at("D"), 2'000, 400);
}

TEST(GeneratorTest, OrdersLiveOnlyBetweenInsertAndDelete) {
  int came_back = 0;
  for (const auto& [id, life] : Lives(Records(OrderlyEvents(20'000)))) {
    EXPECT_THAT(life, testing::MatchesRegex("(IU*D)*(IU*D?)")) << "order " << id;
    came_back += life.find("DI") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(came_back, 50);
}

TEST(GeneratorTest, EveryOrderAskedForIsInsertedAndUpdatedAndSomeAreDeleted) {
  const auto lives =
      Lives(Records({.orders = 1000, .late_per_mille = 0, .repeated_per_mille = 0}));
  EXPECT_EQ(lives.size(), 1000U);
  int deleted = 0;
  int came_back = 0;
  for (const auto& [id, life] : lives) {
    EXPECT_THAT(life, testing::MatchesRegex("IUU?U?(DI?)?")) << "order " << id;
    deleted += life.find('D') != std::string::npos ? 1 : 0;
    came_back += life.ends_with("DI") ? 1 : 0;
  }
  EXPECT_NEAR(deleted, 333, 60);
  EXPECT_NEAR(came_back, 67, 30);
}

TEST(GeneratorTest, SomeEventsComeLateAndSomeTwice) {
  const auto records = Records({.events = 20'000});
  int late = 0;
  std::string latest;
  std::set<OwnedRecord> distinct;
  for (const OwnedRecord& record : records) {
    late += record[kTime].value_or("") < latest ? 1 : 0;
    latest = std::max(latest, record[kTime].value_or(""));
    distinct.insert(record);
  }
  EXPECT_NEAR(static_cast<double>(records.size() - distinct.size()), 100, 50);
  EXPECT_NEAR(late, 300, 100);
}

TEST(GeneratorTest, SomeEventsOfOneOrderShareTheirTimestampButNotTheirContent) {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> versions;
  int ties = 0;
  for (const OwnedRecord& record : Records(OrderlyEvents(20'000))) {
    if (record[kOperation].value_or("") != "D") {
      auto& updated = versions[{record[kId].value_or(""), record[kTime].value_or("")}];
      EXPECT_TRUE(updated.insert(record[kUpdated].value_or("")).second)
          << "order " << record[kId].value_or("");
      ties += updated.size() == 2 ? 1 : 0;
    }
  }
  EXPECT_GT(ties, 20);
}

TEST(GeneratorTest, DescriptionsHoldNullsQuotesLineEndsAndLettersBeyondAscii) {
  int nulls = 0;
  int empty = 0;
  std::string all;
  for (const OwnedRecord& record : Records({.events = 5000})) {
    nulls += record[kDescription] ? 0 : 1;
    empty += record[kDescription] == "" ? 1 : 0;
    all += record[kDescription].value_or("");
  }
  EXPECT_NEAR(nulls, 50, 25);
  EXPECT_NEAR(empty, 50, 25);
  for (const char* text : {"\"", ",", "\n", "\r\n", "\\N", "\t", "ß", "注文"}) {
    EXPECT_THAT(all, testing::HasSubstr(text));
  }
}

TEST(GeneratorTest, DriftAddsColumnsBehindThoseOfAnOrder) {
  EXPECT_THAT(
      OrderColumns(2),
      testing::ElementsAre("order_id", "order_timestamp", "created_at", "updated_at",
                           "sum", "description", "channel", "priority"));
  std::set<std::optional<std::string>> channels;
  for (const OwnedRecord& record : Records({.events = 500, .drift_columns = 2})) {
    ASSERT_EQ(record.size(), 12U);
    channels.insert(record[10]);
  }
  EXPECT_THAT(channels,
              testing::ElementsAre(std::nullopt, "app", "phone", "shop", "web"));
}

TEST(GeneratorTest, RefusesOptionsThatContradictEachOther) {
  for (const GenerateOptions& options : std::vector<GenerateOptions>{
           {},
           {.orders = 1, .events = 1},
           {.orders = -1, .events = 1},
           {.events = 1, .mix = {.inserts = 900, .updates = 200}},
           {.events = 1, .late_per_mille = 1001},
           {.events = 1, .drift_columns = 5}}) {
    const auto records = GenerateRecords(options);
    ASSERT_FALSE(records);
    EXPECT_EQ(records.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(GeneratorTest, StopsWhereOrderIdsRunOut) {
  EarlierOrders earlier;
  earlier.max_id = kMaxOrderId - 1;
  const auto records = GenerateRecords({.orders = 2}, earlier);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().kind, ErrorKind::kInvalidArgument);
}

TEST(GeneratorTest, PassesTheSinksErrorOn) {
  const auto summary =
      GenerateOrders({.events = 10}, {}, [](const EventRecord&) -> Status {
        return Error{ErrorKind::kUnavailable, "disk full"};
      });
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kUnavailable);
}

TEST(GeneratorTest, TheSummaryCountsWhatWasHandedOut) {
  std::vector<OwnedRecord> records;
  const auto summary =
      GenerateOrders({.events = 5000}, {}, [&](const EventRecord& record) {
        records.push_back(Own(record));
        return Status();
      });
  ASSERT_TRUE(summary);
  auto counts = CountByOperation(records);
  EXPECT_EQ(summary->events, 5000);
  EXPECT_EQ(summary->inserts, counts["I"]);
  EXPECT_EQ(summary->updates, counts["U"]);
  EXPECT_EQ(summary->deletes, counts["D"]);
  EXPECT_EQ(summary->new_orders, static_cast<int64_t>(Lives(records).size()));
}

}  // namespace
}  // namespace calve::generate
