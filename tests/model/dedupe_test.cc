#include "model/dedupe.h"

#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/event.h"
#include "model/batch_builder.h"
#include "model/law_check.h"

namespace calve::model {
namespace {

/// The plan as `kept 0 2; conflicts 1`.
std::string Show(const DedupePlan& plan) {
  std::string out = "kept";
  for (const int64_t row : plan.kept) {
    out += fmt::format(" {}", row);
  }
  out += "; conflicts";
  for (const Violation& conflict : plan.conflicts) {
    EXPECT_EQ(conflict.rule, "id_conflict");
    out += fmt::format(" {}", conflict.row);
  }
  return out;
}

StoredEvents StoredOf(const arrow::RecordBatch& batch) {
  const auto prints = Fingerprints(batch);
  const auto& ids = static_cast<const arrow::Int64Array&>(*batch.column(kEventIdColumn));
  StoredEvents stored;
  for (size_t row = 0; row < prints.size(); ++row) {
    stored.emplace(ids.Value(static_cast<int64_t>(row)), prints[row]);
  }
  return stored;
}

TEST(PlanDedupeTest, TheFirstOfAnIdStaysAndEqualCopiesVanish) {
  const auto batch = LandedBatch({{.id = 7, .raw = "a"},
                                  {.id = 3, .raw = "b"},
                                  {.id = 7, .raw = "a", .file = "other"}});
  EXPECT_EQ(Show(PlanDedupe(*batch, {})), "kept 0 1; conflicts");
}

TEST(PlanDedupeTest, ACopyWithOtherContentIsAConflict) {
  const auto batch = LandedBatch({{.id = 7, .raw = "a"},
                                  {.id = 7, .raw = "b"},
                                  {.id = 7, .raw = "a"},
                                  {.id = 7, .raw = "c"}});
  const DedupePlan plan = PlanDedupe(*batch, {});
  EXPECT_EQ(Show(plan), "kept 0; conflicts 1 3");
  EXPECT_EQ(plan.conflicts[0].reason,
            "event 7 came before with other content, which stays");
  EXPECT_EQ(plan.conflicts[0].column, "");
}

TEST(PlanDedupeTest, WhatIsStoredIsNotKeptAgain) {
  const auto first = LandedBatch({{.id = 1, .raw = "a"}, {.id = 2, .raw = "b"}});
  const auto second = LandedBatch({{.id = 2, .raw = "b"},
                                   {.id = 1, .raw = "x"},
                                   {.id = 3, .raw = "c"},
                                   {.id = 1, .raw = "a"}});
  EXPECT_EQ(Show(PlanDedupe(*second, StoredOf(*first))), "kept 2; conflicts 1");
}

TEST(PlanDedupeTest, AnEmptyBatchPlansNothing) {
  EXPECT_EQ(Show(PlanDedupe(*LandedBatch({}), {})), "kept; conflicts");
}

TEST(FingerprintsTest, EveryColumnCountsAndNullIsNotEmpty) {
  const LandedRow row{.id = 1, .time = 5, .raw = "{}"};
  std::vector<LandedRow> rows(8, row);
  rows[1].id = 2;
  rows[2].operation = "D";
  rows[3].time = 6;
  rows[4].schema = "";
  rows[5].schema.reset();
  rows[6].table = "orders2";
  rows[7].raw = "{} ";
  const auto prints = Fingerprints(*LandedBatch(rows));
  EXPECT_EQ(std::set<Fingerprint>(prints.begin(), prints.end()).size(), 8U);
}

TEST(FingerprintsTest, WhereAndWhenItWasLandedDoesNotCount) {
  const auto prints = Fingerprints(
      *LandedBatch({{.id = 1, .ingested = 1, .file = "a"}, {.id = 1, .ingested = 2}}));
  EXPECT_EQ(prints[0], prints[1]);
}

TEST(FingerprintsTest, TextsThatMoveBetweenColumnsDiffer) {
  const auto prints =
      Fingerprints(*LandedBatch({{.id = 1, .schema = "ab", .table = "c"},
                                 {.id = 1, .schema = "a", .table = "bc"}}));
  EXPECT_NE(prints[0], prints[1]);
}

TEST(FingerprintsTest, ManyNearlyEqualTextsDoNotCollide) {
  std::vector<LandedRow> rows;
  for (int i = 0; i < 20'000; ++i) {
    rows.push_back({.id = 1, .raw = fmt::format("{{\"order_id\":{}}}", i)});
  }
  std::set<uint64_t> lanes;
  for (const Fingerprint& print : Fingerprints(*LandedBatch(rows))) {
    lanes.insert(print[0]);
    lanes.insert(print[1]);
  }
  EXPECT_EQ(lanes.size(), 40'000U);
}

TEST(DedupeLawsTest, AnyCutIntoBatchesKeepsTheSameEvents) {
  EXPECT_EQ(
      Counterexample([] {
        const auto ids =
            *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 8));
        std::vector<LandedRow> rows;
        for (const int64_t id : ids) {
          rows.push_back({.id = id, .raw = std::string(1, *rc::gen::element('a', 'b'))});
        }
        const auto batch = LandedBatch(rows);
        const auto cut = *rc::gen::inRange<int64_t>(0, batch->num_rows() + 1);
        const auto whole = PlanDedupe(*batch, {});
        const auto head = PlanDedupe(*batch->Slice(0, cut), {});
        StoredEvents stored;
        const auto prints = Fingerprints(*batch);
        for (const int64_t row : head.kept) {
          stored.emplace(ids[static_cast<size_t>(row)], prints[static_cast<size_t>(row)]);
        }
        auto tail = PlanDedupe(*batch->Slice(cut), stored);
        std::vector<int64_t> kept = head.kept;
        for (const int64_t row : tail.kept) {
          kept.push_back(row + cut);
        }
        RC_ASSERT(kept == whole.kept);
        RC_ASSERT(head.conflicts.size() + tail.conflicts.size() ==
                  whole.conflicts.size());
      }),
      "");
}

}  // namespace
}  // namespace calve::model
