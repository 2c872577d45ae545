/// \file catalog_contract_test.cc
/// What every catalog must do, run on each of them. To add one, add a Backend to the list
/// at the end.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fails_with.h"
#include "support/memory_catalog.h"
#include "support/postgres_server.h"
#include "support/temp_folder.h"
#include "table/catalog/catalog.h"
#include "table/catalog/postgres_catalog.h"
#include "table/catalog/sqlite_catalog.h"

namespace calve::table {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kWarehouse = "memory://lake";

/// One empty catalog, opened by several clients.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;
  virtual std::shared_ptr<Catalog> Open() = 0;
};

class MemoryBackend final : public Backend {
 public:
  std::shared_ptr<Catalog> Open() override { return catalog_; }

 private:
  std::shared_ptr<Catalog> catalog_ =
      std::make_shared<testing::MemoryCatalog>(kWarehouse);
};

class SqliteBackend final : public Backend {
 public:
  std::shared_ptr<Catalog> Open() override {
    auto catalog = OpenSqliteCatalog({.path = folder_.path() + "/catalog.db",
                                      .name = "lake",
                                      .warehouse = kWarehouse,
                                      .busy_timeout_ms = 60'000});
    EXPECT_TRUE(catalog) << catalog.error().message;
    return std::shared_ptr<Catalog>(*std::move(catalog));
  }

 private:
  calve::testing::TempFolder folder_;
};

class PostgresBackend final : public Backend {
 public:
  std::shared_ptr<Catalog> Open() override {
    auto catalog =
        OpenPostgresCatalog({.dsn = dsn_, .name = "lake", .warehouse = kWarehouse});
    EXPECT_TRUE(catalog) << catalog.error().message;
    return std::shared_ptr<Catalog>(*std::move(catalog));
  }

 private:
  std::string dsn_ = calve::testing::NewDatabase(*calve::testing::SharedServer());
};

struct BackendKind {
  std::string name;
  std::function<std::unique_ptr<Backend>()> make;
};

class CatalogContractTest : public ::testing::TestWithParam<BackendKind> {
 protected:
  CatalogContractTest() : backend_(GetParam().make()), catalog_(backend_->Open()) {}

  static PointerSwap Create(const TableName& name, const std::string& location) {
    return {.name = name,
            .expected_metadata_location = std::nullopt,
            .metadata_location = location};
  }
  static PointerSwap Swap(const TableName& name, const std::string& from,
                          const std::string& to) {
    return {.name = name, .expected_metadata_location = from, .metadata_location = to};
  }

  Status Commit(std::vector<PointerSwap> swaps) { return catalog_->Commit(swaps); }

  std::string Location(const TableName& name) {
    const auto location = catalog_->MetadataLocation(name);
    return location ? *location : "error: " + location.error().message;
  }

  const TableName orders_{"marts", "orders"};
  const TableName history_{"marts", "history"};
  std::unique_ptr<Backend> backend_;
  std::shared_ptr<Catalog> catalog_;
};

TEST_P(CatalogContractTest, AFreshCatalogIsEmptyAndKnowsItsWarehouse) {
  const auto tables = catalog_->ListTables();
  ASSERT_TRUE(tables);
  EXPECT_THAT(*tables, IsEmpty());
  EXPECT_EQ(catalog_->warehouse(), kWarehouse);
}

TEST_P(CatalogContractTest, ACreatedTableIsFoundByEveryClient) {
  ASSERT_TRUE(Commit({Create(orders_, "v0")}));
  const auto location = backend_->Open()->MetadataLocation(orders_);
  ASSERT_TRUE(location);
  EXPECT_EQ(*location, "v0");
}

TEST_P(CatalogContractTest, TablesAreListedByNameAscending) {
  const TableName nested{"marts.eu", "a"};
  const TableName landing{"landing", "z"};
  ASSERT_TRUE(Commit({Create(orders_, "1"), Create(nested, "2"), Create(landing, "3"),
                      Create(history_, "4")}));
  const auto tables = catalog_->ListTables();
  ASSERT_TRUE(tables);
  EXPECT_THAT(*tables, ElementsAre(landing, history_, orders_, nested));
}

TEST_P(CatalogContractTest, AMissingTableIsNotFound) {
  EXPECT_THAT(catalog_->MetadataLocation(orders_), FailsWith(ErrorKind::kNotFound));
  EXPECT_THAT(catalog_->DropTable(orders_), FailsWith(ErrorKind::kNotFound));
}

TEST_P(CatalogContractTest, NamesAreTakenAsTheyAre) {
  const TableName odd{"a'; DROP TABLE iceberg_tables; --", "%_\"\n\xF0\x9F\x98\x80"};
  ASSERT_TRUE(Commit({Create(odd, "it's")}));
  EXPECT_EQ(Location(odd), "it's");
  EXPECT_THAT(*catalog_->ListTables(), ElementsAre(odd));
}

TEST_P(CatalogContractTest, ASwapFromTheExpectedPointerMovesIt) {
  ASSERT_TRUE(Commit({Create(orders_, "v0")}));
  ASSERT_TRUE(Commit({Swap(orders_, "v0", "v1")}));
  EXPECT_EQ(Location(orders_), "v1");
}

TEST_P(CatalogContractTest, ASwapFromAnotherPointerConflictsAndChangesNothing) {
  ASSERT_TRUE(Commit({Create(orders_, "v0")}));
  EXPECT_THAT(Commit({Swap(orders_, "v9", "v1")}), FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(Location(orders_), "v0");
}

TEST_P(CatalogContractTest, ASwapOfAMissingTableConflicts) {
  EXPECT_THAT(Commit({Swap(orders_, "v0", "v1")}), FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(*catalog_->ListTables(), IsEmpty());
}

TEST_P(CatalogContractTest, CreatingATableThatExistsConflicts) {
  ASSERT_TRUE(Commit({Create(orders_, "v0")}));
  EXPECT_THAT(Commit({Create(orders_, "w0")}), FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(Location(orders_), "v0");
}

TEST_P(CatalogContractTest, SeveralTablesSwapTogetherOrNotAtAll) {
  ASSERT_TRUE(Commit({Create(orders_, "o0"), Create(history_, "h0")}));
  EXPECT_THAT(Commit({Swap(orders_, "o0", "o1"), Swap(history_, "stale", "h1")}),
              FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(Location(orders_) + Location(history_), "o0h0");
  ASSERT_TRUE(Commit({Swap(orders_, "o0", "o1"), Swap(history_, "h0", "h1")}));
  EXPECT_EQ(Location(orders_) + Location(history_), "o1h1");
}

TEST_P(CatalogContractTest, ACreationAndASwapAreOneCommit) {
  ASSERT_TRUE(Commit({Create(orders_, "o0")}));
  EXPECT_THAT(Commit({Create(history_, "h0"), Swap(orders_, "stale", "o1")}),
              FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(*catalog_->ListTables(), ElementsAre(orders_));
}

TEST_P(CatalogContractTest, AnUnchangedPointerInACommitIsAnAssertion) {
  ASSERT_TRUE(Commit({Create(orders_, "o0"), Create(history_, "h0")}));
  EXPECT_TRUE(Commit({Swap(orders_, "o0", "o0"), Swap(history_, "h0", "h1")}));
  EXPECT_THAT(Commit({Swap(orders_, "stale", "stale"), Swap(history_, "h1", "h2")}),
              FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(Location(orders_) + Location(history_), "o0h1");
}

TEST_P(CatalogContractTest, ACommitOfNothingSucceeds) {
  EXPECT_TRUE(Commit({}));
}

TEST_P(CatalogContractTest, ADroppedTableIsGoneAndCanBeMadeAgain) {
  ASSERT_TRUE(Commit({Create(orders_, "v0"), Create(history_, "h0")}));
  ASSERT_TRUE(catalog_->DropTable(orders_));
  EXPECT_THAT(*catalog_->ListTables(), ElementsAre(history_));
  EXPECT_TRUE(Commit({Create(orders_, "w0")}));
}

TEST_P(CatalogContractTest, CreatingANamespaceTwiceIsNoError) {
  EXPECT_TRUE(catalog_->CreateNamespace("marts"));
  EXPECT_TRUE(catalog_->CreateNamespace("marts"));
}

TEST_P(CatalogContractTest, OfManyCreatorsOneWins) {
  constexpr size_t kRacers = 8;
  std::vector<Status> outcomes(kRacers);
  {
    std::vector<std::jthread> racers;
    for (size_t racer = 0; racer < kRacers; ++racer) {
      racers.emplace_back([&, racer] {
        const std::string location = std::to_string(racer);
        const std::vector swaps{Create(history_, location), Create(orders_, location)};
        outcomes[racer] = backend_->Open()->Commit(swaps);
      });
    }
  }
  EXPECT_EQ(std::count_if(outcomes.begin(), outcomes.end(),
                          [](const Status& outcome) { return outcome.has_value(); }),
            1);
  for (const Status& outcome : outcomes) {
    EXPECT_TRUE(outcome || outcome.error().kind == ErrorKind::kConflict)
        << outcome.error().message;
  }
  EXPECT_EQ(Location(orders_), Location(history_));
}

TEST_P(CatalogContractTest, SwapsDropsAndCreationsAtOnceLeaveOneHistory) {
  // Every winner took the table from the state that another left: nothing is lost twice.
  constexpr int kThreads = 8;
  constexpr int kTurns = 25;
  std::atomic<int> created = 0;
  std::atomic<int> dropped = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        const auto catalog = backend_->Open();
        for (int turn = 0; turn < kTurns; ++turn) {
          const std::string next = std::to_string(thread) + "-" + std::to_string(turn);
          const auto now = catalog->MetadataLocation(orders_);
          Status done;
          if (!now) {
            const std::vector swaps{Create(orders_, next)};
            done = catalog->Commit(swaps);
            created += done ? 1 : 0;
          } else if (turn % 5 == 4) {
            done = catalog->DropTable(orders_);
            dropped += done ? 1 : 0;
          } else {
            const std::vector swaps{Swap(orders_, *now, next)};
            done = catalog->Commit(swaps);
          }
          EXPECT_TRUE(done || done.error().kind == ErrorKind::kConflict ||
                      done.error().kind == ErrorKind::kNotFound)
              << done.error().message;
        }
      });
    }
  }
  const bool is_there = catalog_->MetadataLocation(orders_).has_value();
  EXPECT_EQ(created, dropped + (is_there ? 1 : 0));
  EXPECT_GT(created, 1);
}

TEST_P(CatalogContractTest, CommitsOfTwoTablesInAnyOrderNeverFailForEachOther) {
  ASSERT_TRUE(Commit({Create(orders_, "0"), Create(history_, "0")}));
  constexpr int kThreads = 4;
  constexpr int kTurns = 20;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        const auto catalog = backend_->Open();
        for (int turn = 0; turn < kTurns; ++turn) {
          const std::string next = std::to_string(thread) + "-" + std::to_string(turn);
          const auto base = catalog->MetadataLocation(orders_);
          ASSERT_TRUE(base) << base.error().message;
          std::vector swaps{Swap(orders_, *base, next), Swap(history_, *base, next)};
          if (thread % 2 == 1) {
            std::swap(swaps[0], swaps[1]);
          }
          const Status done = catalog->Commit(swaps);
          EXPECT_TRUE(done || done.error().kind == ErrorKind::kConflict)
              << done.error().message;
        }
      });
    }
  }
  EXPECT_EQ(Location(orders_), Location(history_));
}

TEST_P(CatalogContractTest, OfTwoCommitsThatAssertWhatTheOtherMovesAtMostOneWins) {
  constexpr int kRounds = 60;
  ASSERT_TRUE(Commit({Create(orders_, "0"), Create(history_, "0")}));
  const auto one = backend_->Open();
  const auto other = backend_->Open();
  for (int round = 0; round < kRounds; ++round) {
    const std::string orders = Location(orders_);
    const std::string history = Location(history_);
    const std::string next = "r" + std::to_string(round);
    const std::vector moves_orders{Swap(orders_, orders, next),
                                   Swap(history_, history, history)};
    const std::vector moves_history{Swap(orders_, orders, orders),
                                    Swap(history_, history, next)};
    std::barrier start(2);
    std::vector<Status> outcomes(2);
    {
      const std::jthread first([&] {
        start.arrive_and_wait();
        outcomes[0] = one->Commit(moves_orders);
      });
      const std::jthread second([&] {
        start.arrive_and_wait();
        outcomes[1] = other->Commit(moves_history);
      });
    }
    EXPECT_FALSE(outcomes[0] && outcomes[1]) << "round " << round;
    for (const Status& outcome : outcomes) {
      EXPECT_TRUE(outcome || outcome.error().kind == ErrorKind::kConflict)
          << outcome.error().message;
    }
  }
}

TEST_P(CatalogContractTest, OfManyRacersOneWinsEveryRound) {
  constexpr int kRacers = 4;
  constexpr int kRounds = 10;
  ASSERT_TRUE(Commit({Create(orders_, "0"), Create(history_, "0")}));
  for (int round = 0; round < kRounds; ++round) {
    const std::string base = Location(orders_);
    std::vector<Status> outcomes(kRacers);
    {
      std::vector<std::jthread> racers;
      for (size_t racer = 0; racer < kRacers; ++racer) {
        racers.emplace_back([&, racer] {
          const std::string next = std::to_string(round) + "-" + std::to_string(racer);
          const std::vector swaps{Swap(orders_, base, next), Swap(history_, base, next)};
          outcomes[racer] = backend_->Open()->Commit(swaps);
        });
      }
    }
    int winners = 0;
    for (const Status& outcome : outcomes) {
      winners += outcome ? 1 : 0;
      EXPECT_TRUE(outcome || outcome.error().kind == ErrorKind::kConflict)
          << outcome.error().message;
    }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(Location(orders_), Location(history_));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Catalogs, CatalogContractTest,
    ::testing::Values(
        BackendKind{"Memory", [] { return std::make_unique<MemoryBackend>(); }},
        BackendKind{"Sqlite", [] { return std::make_unique<SqliteBackend>(); }},
        BackendKind{"Postgres", [] { return std::make_unique<PostgresBackend>(); }}),
    [](const auto& test) { return test.param.name; });

TEST(ParseTableNameTest, TheLastDotDivides) {
  EXPECT_EQ(*ParseTableName("a.b.c"), (TableName{"a.b", "c"}));
}

TEST(ParseTableNameTest, EmptyPartsAreInvalid) {
  for (const char* text : {"", "orders", ".orders", "marts.", "."}) {
    EXPECT_THAT(ParseTableName(text), FailsWith(ErrorKind::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace calve::table
