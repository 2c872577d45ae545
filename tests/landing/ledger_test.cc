#include "landing/ledger.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/local_store.h"
#include "support/memory_store.h"
#include "support/temp_folder.h"

namespace calve::landing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointee;

class LedgerTest : public ::testing::Test {
 protected:
  Ledger Load() {
    auto ledger = Ledger::Load(store_, {folder_.path(), "raw", /*per checkpoint*/ 3});
    EXPECT_TRUE(ledger) << ledger.error().message;
    return *ledger;
  }

  static LandedFile File(const std::string& key) { return {key, "5ha", 7, 99}; }

  static LedgerEntry Entry(int number, const std::string& label = "") {
    const std::string text = std::to_string(number);
    return {label,
            "attempt-" + text,
            TimestampUs{number},
            R"({"xmin":")" + text + R"("})",
            {File("k" + text)}};
  }

  void AppendAll(int first, int last) {
    for (int n = first; n <= last; ++n) {
      Ledger ledger = Load();
      ASSERT_TRUE(ledger.Append(Entry(n, "interval-" + std::to_string(n))));
    }
  }

  std::string Path(const std::string& name) {
    return folder_.path() + "/raw/_calve/" + name;
  }

  calve::testing::TempFolder folder_;
  io::LocalStore store_;
};

TEST_F(LedgerTest, AKeptLedgerReadsAsOneThatIsLoadedAnew) {
  LedgerMemory memory;
  for (int n = 0; n < 11; ++n) {
    const auto kept = memory.Load(store_, {folder_.path(), "raw", /*per checkpoint*/ 3});
    ASSERT_TRUE(kept) << kept.error().message;
    const Ledger anew = Load();
    EXPECT_EQ(kept->last_number(), anew.last_number());
    EXPECT_EQ(kept->cursor(), anew.cursor());
    EXPECT_EQ(*kept->Keys(), *anew.Keys());
    AppendAll(n + 1, n + 1);
  }
}

TEST_F(LedgerTest, KeysBehindANumberLackNoneOfThoseThatFollow) {
  AppendAll(1, 8);
  const Ledger ledger = Load();
  const auto all = *ledger.Keys();
  for (int64_t number = 0; number <= 8; ++number) {
    const auto keys = *ledger.KeysBehind(number);
    const auto least = static_cast<size_t>(8 - number);
    ASSERT_GE(keys.size(), least);
    EXPECT_TRUE(std::equal(keys.rbegin(), keys.rend(), all.rbegin())) << number;
  }
  EXPECT_THAT(*ledger.KeysBehind(8), ElementsAre());
}

TEST_F(LedgerTest, APlaceWithoutOneHasAnEmptyLedger) {
  const Ledger ledger = Load();
  EXPECT_EQ(ledger.last_number(), 0);
  EXPECT_EQ(ledger.cursor(), "");
  EXPECT_EQ(ledger.FindLabel("x"), nullptr);
  EXPECT_THAT(*ledger.Keys(), ElementsAre());
}

TEST_F(LedgerTest, AnEntryIsReadAsItWasWritten) {
  Ledger writer = Load();
  ASSERT_TRUE(writer.Append({"a/b",
                             "id",
                             TimestampUs{1},
                             R"({"xmin":"12"})",
                             {File("raw/1.csv"), File("raw/2.csv")}}));
  EXPECT_EQ(*io::ReadObject(store_, Path("extractions/00000000000000000001.json")),
            R"({
 "version": 1,
 "entry": 1,
 "interval": "a/b",
 "attempt": "id",
 "written_at": "1970-01-01T00:00:00.000001Z",
 "cursor": {
  "xmin": "12"
 },
 "files": [
  {
   "key": "raw/1.csv",
   "sha256": "5ha",
   "rows": 7,
   "bytes": 99
  },
  {
   "key": "raw/2.csv",
   "sha256": "5ha",
   "rows": 7,
   "bytes": 99
  }
 ]
}
)");
  const Ledger reader = Load();
  EXPECT_EQ(reader.last_number(), 1);
  EXPECT_EQ(reader.cursor(), R"({"xmin":"12"})");
  EXPECT_THAT(reader.FindLabel("a/b"),
              Pointee(ElementsAre(File("raw/1.csv"), File("raw/2.csv"))));
  EXPECT_THAT(*reader.Keys(), ElementsAre("raw/1.csv", "raw/2.csv"));
}

TEST_F(LedgerTest, OfTwoWritersOneWinsAndTheOtherReadsAgain) {
  Ledger first = Load();
  Ledger second = Load();
  ASSERT_TRUE(first.Append(Entry(1)));
  const Status lost = second.Append(Entry(2));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(second.last_number(), 0);
  EXPECT_EQ(Load().cursor(), R"({"xmin":"1"})");
}

TEST_F(LedgerTest, ARefusedRetryOfOnesOwnEntryIsSuccess) {
  Ledger first = Load();
  Ledger retry = Load();
  ASSERT_TRUE(first.Append(Entry(1)));
  EXPECT_TRUE(retry.Append(Entry(1)));
  EXPECT_EQ(Load().last_number(), 1);
}

TEST_F(LedgerTest, EarlierEntriesAreNotNeededBehindACheckpoint) {
  AppendAll(1, 8);
  for (int n = 1; n <= 6; ++n) {
    ASSERT_TRUE(store_.Delete(
        Path("extractions/0000000000000000000" + std::to_string(n) + ".json")));
  }
  const Ledger ledger = Load();
  EXPECT_EQ(ledger.last_number(), 8);
  EXPECT_EQ(ledger.cursor(), R"({"xmin":"8"})");
  for (int n = 1; n <= 8; ++n) {
    const std::string text = std::to_string(n);
    EXPECT_THAT(ledger.FindLabel("interval-" + text),
                Pointee(ElementsAre(File("k" + text))));
  }
  EXPECT_THAT(*ledger.Keys(),
              ElementsAre("k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"));
}

TEST_F(LedgerTest, AReaderThatFellBehindACheckpointStillKnowsItsOwnKeys) {
  AppendAll(1, 3);
  const Ledger behind = Load();
  AppendAll(4, 5);
  EXPECT_THAT(*behind.Keys(), ElementsAre("k1", "k2", "k3"));
  EXPECT_THAT(*Load().Keys(), ElementsAre("k1", "k2", "k3", "k4", "k5"));
}

TEST(LedgerCrashTest, AWriterThatDiesAtAnyWriteLeavesALedgerThatGoesOn) {
  constexpr int kEntries = 8;
  constexpr int kWrites = kEntries + 2;  // Checkpoints at 3 and at 6.
  for (int survived = 0; survived < kWrites; ++survived) {
    io::testing::MemoryStore store;
    const LedgerPlace place{"memory://lake", "raw", /*entries_per_checkpoint=*/3};
    store.FailAfterWrites(survived);
    int deaths = 0;
    while (Ledger::Load(store, place)->last_number() < kEntries) {
      Ledger ledger = *Ledger::Load(store, place);
      const std::string number = std::to_string(ledger.last_number() + 1);
      const LedgerEntry entry{.label = "interval-" + number,
                              .attempt = "attempt-" + std::to_string(deaths) + number,
                              .written_at = {},
                              .cursor = R"({"xmin":")" + number + R"("})",
                              .files = {{"k" + number, "5ha", 7, 99}}};
      if (!ledger.Append(entry)) {
        ++deaths;
        store.Heal();
      }
    }
    EXPECT_EQ(deaths, 1) << survived;
    const Ledger ledger = *Ledger::Load(store, place);
    EXPECT_EQ(ledger.cursor(), R"({"xmin":"8"})") << survived;
    EXPECT_THAT(*ledger.Keys(),
                ElementsAre("k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"))
        << survived;
  }
}

TEST_F(LedgerTest, AnEntryWithoutCursorOrFilesIsOne) {
  Ledger writer = Load();
  ASSERT_TRUE(writer.Append({"a/b", "id", TimestampUs{1}, "", {}}));
  const Ledger reader = Load();
  EXPECT_EQ(reader.cursor(), "");
  EXPECT_THAT(reader.FindLabel("a/b"), Pointee(ElementsAre()));
}

TEST_F(LedgerTest, WhatIsNoEntryIsCorruptAndNamed) {
  const std::string good =
      R"({"version":1,"attempt":"a","written_at":"2024-01-01T00:00:00Z","cursor":null,"files":[]})";
  const auto error = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    EXPECT_TRUE(
        io::WriteObject(store_, Path("extractions/00000000000000000001.json"), text));
    const auto ledger = Ledger::Load(store_, {folder_.path(), "raw"});
    EXPECT_FALSE(ledger);
    EXPECT_THAT(ledger.error().message,
                HasSubstr("extractions/00000000000000000001.json: "));
    return ledger.error();
  };
  EXPECT_EQ(error("{", "[").kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error(R"("version":1)", R"("version":2)").kind, ErrorKind::kUnsupported);
  EXPECT_EQ(error(R"("attempt":"a")", R"("attempt":1)").kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error("2024-01-01T", "x").kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error("null", "3").kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error("[]", "{}").kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error("[]", R"([{"key":"x","sha256":"y","rows":"1","bytes":1}])").kind,
            ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace calve::landing
