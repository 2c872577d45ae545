#include "flow/verify_marts.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flow/mart_rows.h"
#include "flow/verify_compare.h"

namespace calve::flow {
namespace {

using ::testing::ElementsAre;

const PrintLayout& FlattenedLayout() {
  static const PrintLayout layout{
      .columns = {kEventId, kEventTime, "sum"}, .left_out = {}, .key = {"k"}};
  return layout;
}

const PrintLayout& HistoryLayout() {
  static const PrintLayout layout{
      .columns = {kEventId, kValidFrom, kValidTo, kIsCurrent, kIsDeleted, "sum"},
      .left_out = {},
      .key = {"k"}};
  return layout;
}

RowPrint PrintOf(const std::string& key, int64_t id, int64_t time, uint8_t flags = 0) {
  return {.key = key,
          .event_id = id,
          .time_us = time,
          .flags = flags,
          .cells = {IntegerCell(kEventId, id), IntegerCell(kEventTime, time),
                    IntegerCell("sum", id * 10), NullCell()}};
}

struct Version {
  std::string key;
  int64_t id;
  int64_t from;
  int64_t to;  // 0: open
  bool deleted = false;
};

std::vector<RowPrint> History(const std::vector<Version>& versions) {
  std::vector<RowPrint> rows;
  for (const Version& v : versions) {
    rows.push_back(
        {.key = v.key,
         .event_id = v.id,
         .time_us = 0,
         .flags = 0,
         .cells = {IntegerCell(kEventId, v.id), IntegerCell(kValidFrom, v.from),
                   v.to == 0 ? NullCell() : IntegerCell(kValidTo, v.to),
                   IntegerCell(kIsCurrent, v.to == 0 ? 1 : 0),
                   IntegerCell(kIsDeleted, v.deleted ? 1 : 0),
                   IntegerCell("sum", v.id * 10), NullCell()}});
  }
  return rows;
}

contract::Model ModelOf(contract::ModelKind kind, contract::EventOrder order) {
  contract::Model model;
  model.kind = kind;
  model.order = order;
  return model;
}

/// `row what columns` of every difference.
std::vector<std::string> Differences(std::vector<RowPrint> expected,
                                     std::vector<RowPrint> found,
                                     const PrintLayout& layout) {
  TableProof proof;
  const CompareRules rules{
      .by_event = true,
      .repeats_allowed = false,
      .set_aside = [](const RowPrint*, const RowPrint*) { return std::string(); },
      .max_examples = 20};
  CompareBucket(std::move(expected), std::move(found), layout, rules, proof);
  std::vector<std::string> texts;
  for (const Difference& d : proof.examples) {
    std::string text = d.row + " " + std::to_string(static_cast<int>(d.kind));
    for (const std::string& column : d.columns) {
      text += " " + column;
    }
    texts.push_back(text);
  }
  return texts;
}

TEST(VerifyMartsTest, HistoryByTimeIsASortOfEachKey) {
  const auto rows = ExpectedRows(
      {PrintOf("b", 4, 40), PrintOf("a", 3, 10), PrintOf("a", 1, 20, kDelete),
       PrintOf("a", 2, 10)},
      FlattenedLayout(),
      ModelOf(contract::ModelKind::kHistory, contract::EventOrder::kTimestampThenId),
      HistoryLayout());
  EXPECT_THAT(Differences(rows,
                          History({{"a", 2, 10, 10},
                                   {"a", 3, 10, 20},
                                   {"a", 1, 20, 0, true},
                                   {"b", 4, 40, 0}}),
                          HistoryLayout()),
              ElementsAre());
}

TEST(VerifyMartsTest, HistoryByIdStartsNoEarlierThanTheVersionBefore) {
  const auto rows = ExpectedRows(
      {PrintOf("a", 1, 20), PrintOf("a", 2, 10), PrintOf("a", 3, 30)}, FlattenedLayout(),
      ModelOf(contract::ModelKind::kHistory, contract::EventOrder::kId), HistoryLayout());
  EXPECT_THAT(
      Differences(rows, History({{"a", 1, 20, 20}, {"a", 2, 20, 30}, {"a", 3, 30, 0}}),
                  HistoryLayout()),
      ElementsAre());
}

TEST(VerifyMartsTest, AKeyWhoseLastEventDeletesHasNoCurrentRow) {
  const auto rows = ExpectedRows(
      {PrintOf("a", 2, 10, kDelete), PrintOf("a", 1, 5), PrintOf("b", 3, 1, kDelete),
       PrintOf("b", 4, 2), PrintOf("c", 5, 1, kBroken)},
      FlattenedLayout(),
      ModelOf(contract::ModelKind::kCurrent, contract::EventOrder::kTimestampThenId),
      FlattenedLayout());
  EXPECT_THAT(Differences(rows, {PrintOf("b", 4, 2)}, FlattenedLayout()), ElementsAre());
}

TEST(VerifyCompareTest, EachKindOfDifferenceIsNamed) {
  std::vector<RowPrint> changed{PrintOf("", 3, 30)};
  changed[0].cells[2] = NullCell();
  EXPECT_THAT(Differences({PrintOf("", 1, 10), PrintOf("", 3, 30), PrintOf("", 5, 50)},
                          {PrintOf("", 2, 20), changed[0], PrintOf("", 5, 50),
                           PrintOf("", 5, 50)},
                          FlattenedLayout()),
              ElementsAre("audit_event_id=1 0", "audit_event_id=2 1",
                          "audit_event_id=3 2 sum", "audit_event_id=5 3"));
}

TEST(VerifyPrintTest, ChecksumsSeeASwapOfTwoColumnsAndOfTwoRows) {
  RowPrint a = PrintOf("a", 1, 2);
  RowPrint swapped = a;
  std::swap(swapped.cells[0], swapped.cells[1]);
  EXPECT_NE(Checksum(a), Checksum(swapped));
  EXPECT_NE(IntegerCell("x", 1), IntegerCell("y", 1));
  EXPECT_NE(TextCell("x", ""), NullCell());
}

}  // namespace
}  // namespace calve::flow
