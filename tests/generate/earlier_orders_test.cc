#include "generate/earlier_orders.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generate/event_files.h"

namespace calve::generate {
namespace {

constexpr char kOrdersHeader[] =
    "audit_operation,audit_timestamp,schema,table,order_id,created_at,updated_at\n";

Result<EarlierOrders> Collect(const std::vector<std::string>& files,
                              size_t max_orders = 1000) {
  EarlierOrdersCollector collector(max_orders);
  for (const std::string& file : files) {
    CALVE_ASSIGN(EventCsvReader reader, EventCsvReader::Make("f.csv", SourceOf(file)));
    CALVE_TRY(collector.AddFile(reader));
  }
  return std::move(collector).Finish();
}

std::vector<int32_t> Ids(const EarlierOrders& earlier) {
  std::vector<int32_t> ids;
  ids.reserve(earlier.live.size());
  for (const Order& order : earlier.live) {
    ids.push_back(order.id);
  }
  return ids;
}

TEST(EarlierOrdersTest, AnOrderLivesIfItsLatestEventIsNoDelete) {
  const auto earlier = Collect(
      {std::string(kOrdersHeader) + "I,2025-01-01 00:00:01+00,public,orders,1,,\n"
                                    "D,2025-01-01 00:00:09+00,public,orders,2,,\n"
                                    "I,2025-01-01 00:00:02+00,public,orders,2,,\n"
                                    "D,2025-01-01 00:00:03+00,public,orders,3,,\n"
                                    "I,2025-01-01 00:00:03+00,public,orders,3,,\n"
                                    "I,2025-01-01 00:00:04+00,public,customers,9,,\n",
       std::string(kOrdersHeader) + "D,2025-01-01 00:00:05+00,public,orders,1,,\n"
                                    "I,2025-01-01 00:00:04+00,public,orders,4,,\n"});
  ASSERT_TRUE(earlier);
  EXPECT_THAT(Ids(*earlier), testing::ElementsAre(3, 4));
  EXPECT_EQ(earlier->max_id, 4);
  EXPECT_EQ(FormatPostgresTimestamp(earlier->last_time), "2025-01-01 00:00:09+00");
}

TEST(EarlierOrdersTest, KeepsASampleWhereThereAreTooMany) {
  const auto file = GenerateFile({.events = 10'000});
  ASSERT_TRUE(file);
  const auto all = Collect({*file}, 1'000'000);
  const auto some = Collect({*file}, 500);
  ASSERT_TRUE(all && some);
  EXPECT_GT(some->live.size(), 100U);
  EXPECT_LE(some->live.size(), 500U);
  EXPECT_THAT(Ids(*all), testing::IsSupersetOf(Ids(*some)));
  EXPECT_EQ(all->max_id, some->max_id);
}

TEST(EarlierOrdersTest, NamesTheRecordThatCannotBeRead) {
  for (const auto& [line, message] : std::vector<std::pair<std::string, std::string>>{
           {"X,2025-01-01,public,orders,1,,\n", "an operation other than I, U and D"},
           {"I,yesterday,public,orders,1,,\n", "not a timestamp: 'yesterday'"},
           {"I,2025-01-01,public,orders,,,\n", "an order_id that is no 32-bit number"},
           {"I,2025-01-01,public,orders,99999999999,,\n", "order_id that is no 32-bit"},
           {"I,2025-01-01,public,orders,1,soon,\n", "not a timestamp: 'soon'"}}) {
    const auto earlier = Collect({kOrdersHeader + line});
    ASSERT_FALSE(earlier) << line;
    EXPECT_EQ(earlier.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(earlier.error().message, testing::HasSubstr(message));
    EXPECT_THAT(earlier.error().message, testing::HasSubstr("record 2 of f.csv"));
  }
  const auto earlier = Collect({"audit_operation,audit_timestamp,schema,table\n"});
  ASSERT_FALSE(earlier);
  EXPECT_THAT(earlier.error().message, testing::HasSubstr("no column 'order_id'"));
}

/// Checks that what follows `file` continues the lives of its orders.
void ExpectContinues(const std::string& file, const GenerateOptions& options) {
  const auto earlier = Collect({file});
  ASSERT_TRUE(earlier);
  std::map<std::string, bool> lives;
  for (const Order& order : earlier->live) {
    lives[std::to_string(order.id)] = true;
  }
  const auto records = GenerateRecords(options, *earlier);
  ASSERT_TRUE(records);
  std::set<std::string> changed;
  for (const OwnedRecord& record : *records) {
    const std::string& id = record[4].value_or("");
    const bool is_insert = record[0] == "I";
    EXPECT_EQ(lives[id], !is_insert) << record[0].value_or("") << " of order " << id;
    EXPECT_GT(record[1].value_or(""), FormatPostgresTimestamp(earlier->last_time));
    changed.insert(!is_insert && std::stoi(id) <= earlier->max_id ? id : "");
    lives[id] = record[0] != "D";
  }
  EXPECT_GT(changed.size(), records->size() / 4);
}

TEST(EarlierOrdersTest, LaterEventsGoOnWithTheOrdersOfAFile) {
  const auto file = GenerateFile({.events = 500});
  ASSERT_TRUE(file);
  ExpectContinues(*file, {.events = 200,
                          .mix = kChangeMix,
                          .seed = 9,
                          .late_per_mille = 0,
                          .repeated_per_mille = 0});
  ExpectContinues(
      *file, {.orders = 60, .seed = 9, .late_per_mille = 0, .repeated_per_mille = 0});
}

TEST(EarlierOrdersTest, ADeletedRowIsTheOneThatAnEarlierFileHeld) {
  const GenerateOptions options = {
      .events = 300, .late_per_mille = 0, .repeated_per_mille = 0};
  const auto file = GenerateFile(options);
  ASSERT_TRUE(file);
  const auto earlier = Collect({*file});
  const auto before = GenerateRecords(options);
  const auto after = GenerateRecords({.events = 50,
                                      .mix = {.inserts = 0, .updates = 0},
                                      .seed = 3,
                                      .late_per_mille = 0,
                                      .repeated_per_mille = 0},
                                     *earlier);
  ASSERT_TRUE(before && after);
  std::set<OwnedRecord> rows;
  for (const OwnedRecord& record : *before) {
    rows.insert(OwnedRecord(record.begin() + 4, record.end()));
  }
  for (const OwnedRecord& record : *after) {
    EXPECT_EQ(record[0], "D");
    EXPECT_TRUE(rows.contains(OwnedRecord(record.begin() + 4, record.end())))
        << "order " << record[4].value_or("");
  }
}

}  // namespace
}  // namespace calve::generate
