/// \file commit_updates_test.cc
/// The commit itself: races, several tables, replies that get lost.

#include <string>
#include <thread>
#include <vector>

#include "support/temp_folder.h"
#include "table/catalog/sqlite_catalog.h"
#include "table/commit/commit_fixture.h"
#include "table/metadata/table_metadata_json.h"

namespace calve::table {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kHistory;
using testing::kOrders;
using testing::Lake;
using testing::OrdersDefinition;
using testing::Reply;

class CommitUpdatesTest : public ::testing::Test {
 protected:
  CommitUpdatesTest() {
    TableDefinition orders = OrdersDefinition();
    orders.properties["write.metadata.previous-versions-max"] = "3";
    orders.properties["write.metadata.delete-after-commit.enabled"] = "false";
    for (const auto& definition : {orders, OrdersDefinition(kHistory)}) {
      lake_.MustCommit(lake_.Create(definition));
    }
    objects_ = lake_.store.Locations();
  }

  TableUpdate Appending(const std::string& file, const TableName& name = kOrders) {
    TableUpdate update = lake_.Update(name);
    EXPECT_TRUE(update.Append({lake_.Data(file)}));
    return update;
  }

  Result<std::vector<LoadedTable>> CommitBoth(TableUpdate a, TableUpdate b) {
    std::vector<TableUpdate> updates;
    updates.push_back(std::move(a));
    updates.push_back(std::move(b));
    return CommitUpdates(lake_.context(), std::move(updates));
  }

  /// Names of the files in the table, by a full scan of its manifests.
  std::vector<std::string> Files(const TableName& name = kOrders) {
    const auto table = LoadTable(lake_.store, lake_.catalog, name);
    EXPECT_TRUE(table) << table.error().message;
    std::vector<std::string> names;
    for (const std::string& path : lake_.Read(*table).data_paths()) {
      names.push_back(path.substr(path.rfind('/') + 1));
    }
    return names;
  }

  /// Another writer's commits.
  void AppendByOther(const std::string& prefix, int commits = 1) {
    for (int i = 0; i < commits; ++i) {
      lake_.MustCommit(Appending(prefix + std::to_string(i)));
    }
  }

  Lake lake_;
  std::vector<std::string> objects_;
};

TEST_F(CommitUpdatesTest, TheReturnedVersionsAreThoseInTheCatalog) {
  const auto tables = CommitBoth(Appending("h", kHistory), Appending("o"));
  ASSERT_TRUE(tables) << tables.error().message;
  for (const LoadedTable& table : *tables) {
    const auto loaded = LoadTable(lake_.store, lake_.catalog, table.name);
    EXPECT_EQ(loaded->metadata_location, table.metadata_location);
    EXPECT_EQ(loaded->metadata, table.metadata);
  }
  EXPECT_EQ((*tables)[0].name, kHistory);
  EXPECT_EQ((*tables)[1].name, kOrders);
}

TEST_F(CommitUpdatesTest, TheLoserOfARaceConflictsAndLeavesNothing) {
  TableUpdate late = Appending("late");
  AppendByOther("first");
  const auto objects = lake_.store.Locations();
  EXPECT_THAT(lake_.Commit(std::move(late)), FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(lake_.store.Locations(), objects);
  EXPECT_THAT(Files(), ElementsAre("first0"));
}

TEST_F(CommitUpdatesTest, TheLoserOfACreationConflicts) {
  TableDefinition definition = OrdersDefinition({"marts", "new"});
  TableUpdate a = lake_.Create(definition);
  TableUpdate b = lake_.Create(definition);
  EXPECT_TRUE(lake_.Commit(std::move(a)));
  EXPECT_THAT(lake_.Commit(std::move(b)), FailsWith(ErrorKind::kConflict));
}

TEST_F(CommitUpdatesTest, AConflictInOneTableUndoesAll) {
  TableUpdate orders = Appending("o");
  TableUpdate history = Appending("h", kHistory);
  AppendByOther("first");
  const auto objects = lake_.store.Locations();
  EXPECT_THAT(CommitBoth(std::move(history), std::move(orders)),
              FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(lake_.store.Locations(), objects);
  EXPECT_THAT(Files(kHistory), IsEmpty());
}

TEST_F(CommitUpdatesTest, AnUpdateThatCannotBePreparedUndoesTheOthers) {
  TableUpdate history = lake_.Update(kHistory);
  ASSERT_TRUE(history.ChangeRows({.removed_data = {"memory://lake/data/gone"}}));
  const auto result = CommitBoth(Appending("o"), std::move(history));
  ASSERT_THAT(result, FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(result.error().message, HasSubstr("marts.history"));
  EXPECT_EQ(lake_.store.Locations(), objects_);
}

TEST_F(CommitUpdatesTest, AnEmptyUpdateAssertsThatItsTableHasNotMoved) {
  TableUpdate idle = lake_.Update(kHistory);
  const std::string location = idle.base().metadata_location;
  const auto tables = CommitBoth(Appending("o"), idle);
  ASSERT_TRUE(tables) << tables.error().message;
  EXPECT_EQ((*tables)[1].metadata_location, location);
  lake_.MustCommit(Appending("h", kHistory));
  EXPECT_THAT(CommitBoth(Appending("o2"), idle), FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(Files(), ElementsAre("o"));
}

TEST_F(CommitUpdatesTest, TwoUpdatesOfOneTableAreInvalid) {
  EXPECT_THAT(CommitBoth(Appending("a"), Appending("b")),
              FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_EQ(lake_.store.Locations(), objects_);
}

TEST_F(CommitUpdatesTest, ACommitThatWasAppliedBeforeItsReplyGotLostSucceeds) {
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  const auto table = lake_.Commit(Appending("a"));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(Files(), ElementsAre("a"));
}

TEST_F(CommitUpdatesTest, ACommitWhoseRequestGotLostIsTriedAgain) {
  for (const Reply reply : {Reply::kLostBefore, Reply::kUnavailable}) {
    lake_.catalog.ScriptReplies({reply});
    EXPECT_TRUE(lake_.Commit(Appending("a" + std::to_string(int(reply)))));
  }
  EXPECT_THAT(Files(), ElementsAre("a2", "a3"));
}

TEST_F(CommitUpdatesTest, ACreationWhoseReplyGotLostSucceeds) {
  for (const Reply reply : {Reply::kLostAfterApplying, Reply::kLostBefore}) {
    lake_.catalog.ScriptReplies({reply});
    const TableName name{"marts", "t" + std::to_string(int(reply))};
    EXPECT_TRUE(lake_.Commit(lake_.Create(OrdersDefinition(name))));
    EXPECT_TRUE(lake_.catalog.MetadataLocation(name));
  }
}

TEST_F(CommitUpdatesTest, ALostReplyToTheSecondTrySucceedsToo) {
  lake_.catalog.ScriptReplies({Reply::kLostBefore, Reply::kLostAfterApplying});
  EXPECT_TRUE(lake_.Commit(Appending("a")));
  EXPECT_THAT(Files(), ElementsAre("a"));
}

TEST_F(CommitUpdatesTest, ACatalogThatStaysAwayIsUnavailableAndNothingIsDeleted) {
  lake_.catalog.ScriptReplies({Reply::kLostBefore, Reply::kLostBefore});
  const auto objects = lake_.store.Locations().size();
  EXPECT_THAT(lake_.Commit(Appending("a")), FailsWith(ErrorKind::kUnavailable));
  EXPECT_EQ(lake_.store.Locations().size(), objects + 3);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(CommitUpdatesTest, ACommitThatOthersHaveBuiltUponSucceeds) {
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  lake_.catalog.AfterNextCommit([&] { AppendByOther("other", 2); });
  const auto tables = lake_.Commit(Appending("a"));
  ASSERT_TRUE(tables) << tables.error().message;
  EXPECT_EQ(tables->front().metadata.last_sequence_number, 1);
  EXPECT_THAT(Files(), ElementsAre("a", "other0", "other1"));
}

/// iceberg-rust and older PyIceberg leave the metadata log as they find it.
TEST_F(CommitUpdatesTest, ACommitThatAWriterWithoutALogHasBuiltUponSucceeds) {
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  lake_.catalog.AfterNextCommit([&] {
    const LoadedTable ours = *LoadTable(lake_.store, lake_.catalog, kOrders);
    const std::string theirs = ours.metadata_location + ".theirs.metadata.json";
    ASSERT_TRUE(io::WriteObject(lake_.store, theirs, TableMetadataToJson(ours.metadata)));
    ASSERT_TRUE(lake_.catalog.Commit(
        std::vector<PointerSwap>{{kOrders, ours.metadata_location, theirs}}));
  });
  const auto tables = lake_.Commit(Appending("a"));
  ASSERT_TRUE(tables) << tables.error().message;
  EXPECT_THAT(Files(), ElementsAre("a"));
}

TEST_F(CommitUpdatesTest, ALostRequestThatAnotherWriterOvertookConflicts) {
  lake_.catalog.ScriptReplies({Reply::kLostBefore});
  std::vector<std::string> objects;
  lake_.catalog.AfterNextCommit([&] {
    AppendByOther("other");
    objects = lake_.store.Locations();
  });
  const auto before = lake_.store.Locations().size();
  EXPECT_THAT(lake_.Commit(Appending("a")), FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(lake_.store.Locations().size(), before + 3) << "ours are deleted";
  EXPECT_THAT(Files(), ElementsAre("other0"));
}

TEST_F(CommitUpdatesTest, ALostRaceForACreationConflicts) {
  const TableDefinition definition = OrdersDefinition({"marts", "new"});
  TableUpdate mine = lake_.Create(definition);
  TableUpdate theirs = lake_.Create(definition);
  lake_.catalog.ScriptReplies({Reply::kLostBefore});
  lake_.catalog.AfterNextCommit([&] { lake_.MustCommit(theirs); });
  EXPECT_THAT(lake_.Commit(std::move(mine)), FailsWith(ErrorKind::kConflict));
}

TEST_F(CommitUpdatesTest, AFateThatTheLogNoLongerTellsIsUnknownAndNothingIsDeleted) {
  lake_.catalog.ScriptReplies({Reply::kLostBefore});
  lake_.catalog.AfterNextCommit([&] { AppendByOther("other", 5); });
  const auto before = lake_.store.Locations().size();
  EXPECT_THAT(lake_.Commit(Appending("a")), FailsWith(ErrorKind::kCommitUnknown));
  EXPECT_EQ(lake_.store.Locations().size(), before + 6 * 3);

  // A change of properties makes no snapshot that could tell.
  TableUpdate update = lake_.Update();
  update.SetProperty("owner", "me");
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  lake_.catalog.AfterNextCommit([&] { AppendByOther("more", 5); });
  EXPECT_THAT(lake_.Commit(std::move(update)), FailsWith(ErrorKind::kCommitUnknown));
}

TEST_F(CommitUpdatesTest, ASnapshotThatIsThereTellsWhereTheLogDoesNot) {
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  lake_.catalog.AfterNextCommit([&] { AppendByOther("other", 5); });
  EXPECT_TRUE(lake_.Commit(Appending("a")));
  EXPECT_THAT(Files(), ::testing::Contains("a"));
}

TEST_F(CommitUpdatesTest, ATableDroppedMeanwhileIsUnknown) {
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  lake_.catalog.AfterNextCommit([&] { EXPECT_TRUE(lake_.catalog.DropTable(kOrders)); });
  EXPECT_THAT(lake_.Commit(Appending("a")), FailsWith(ErrorKind::kCommitUnknown));
}

TEST_F(CommitUpdatesTest, ACatalogThatCannotBeLookedAtIsUnknownAndNothingIsDeleted) {
  TableUpdate update = Appending("a");
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  lake_.catalog.AfterNextCommit([&] { lake_.catalog.FailLookups(1); });
  EXPECT_THAT(lake_.Commit(std::move(update)), FailsWith(ErrorKind::kCommitUnknown));
  EXPECT_THAT(Files(), ElementsAre("a"));
}

TEST_F(CommitUpdatesTest, OneTableTellsTheFateOfAll) {
  TableUpdate orders = Appending("o");
  TableUpdate history = Appending("h", kHistory);
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  lake_.catalog.AfterNextCommit([&] { AppendByOther("other", 5); });
  EXPECT_TRUE(CommitBoth(std::move(orders), std::move(history)));
  EXPECT_THAT(Files(kHistory), ElementsAre("h"));
}

TEST_F(CommitUpdatesTest, OneTableAtItsBaseAndOnePastItIsAConflict) {
  TableUpdate orders = Appending("o");
  TableUpdate history = Appending("h", kHistory);
  lake_.catalog.ScriptReplies({Reply::kLostBefore});
  lake_.catalog.AfterNextCommit([&] { AppendByOther("other", 5); });
  EXPECT_THAT(CommitBoth(std::move(orders), std::move(history)),
              FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(Files(kHistory), IsEmpty());
}

TEST_F(CommitUpdatesTest, LoadingNamesWhatIsWrong) {
  EXPECT_THAT(LoadTable(lake_.store, lake_.catalog, {"marts", "none"}),
              FailsWith(ErrorKind::kNotFound));
  const std::string location = *lake_.catalog.MetadataLocation(kOrders);
  ASSERT_TRUE(io::WriteObject(lake_.store, location, "{"));
  EXPECT_THAT(LoadTable(lake_.store, lake_.catalog, kOrders),
              FailsWith(ErrorKind::kCorrupt));
  ASSERT_TRUE(io::WriteObject(lake_.store, location, "\x1F\x8B\x08"));
  EXPECT_THAT(LoadTable(lake_.store, lake_.catalog, kOrders),
              FailsWith(ErrorKind::kUnsupported));
  ASSERT_TRUE(lake_.store.Delete(location));
  const auto missing = LoadTable(lake_.store, lake_.catalog, kOrders);
  ASSERT_THAT(missing, FailsWith(ErrorKind::kCorrupt));
  EXPECT_THAT(missing.error().message, HasSubstr(location));
}

TEST_F(CommitUpdatesTest, DeletedFilesAreGone) {
  const DataFile file = lake_.Data("x");
  ASSERT_TRUE(io::WriteObject(lake_.store, file.file_path, "x"));
  DeleteFiles(lake_.store, std::vector{file, lake_.Data("never there")});
  EXPECT_EQ(lake_.store.Locations(), objects_);
}

/// Threads append to two tables at once, each loading again after a conflict; SQLite
/// decides.
TEST(CommitRaceTest, NoAppendIsLostOrDoubled) {
  constexpr int kWriters = 4;
  constexpr int kAppends = 5;
  const calve::testing::TempFolder folder;
  Lake lake;
  const auto catalog = OpenSqliteCatalog({.path = folder.path() + "/catalog.db",
                                          .name = "lake",
                                          .warehouse = "memory://lake",
                                          .busy_timeout_ms = 60'000});
  ASSERT_TRUE(catalog);
  CommitContext context = lake.context();
  context.catalog = catalog->get();
  for (const TableName& name : {kOrders, kHistory}) {
    std::vector<TableUpdate> updates{lake.Create(OrdersDefinition(name))};
    ASSERT_TRUE(CommitUpdates(context, std::move(updates)));
  }
  const auto append = [&](const std::string& file) {
    for (;;) {
      std::vector<TableUpdate> updates;
      for (const TableName& name : {kOrders, kHistory}) {
        auto table = LoadTable(lake.store, **catalog, name);
        ASSERT_TRUE(table) << table.error().message;
        updates.emplace_back(*std::move(table), NewSnapshotId(lake.uuids()));
        ASSERT_TRUE(updates.back().Append({lake.Data(file)}));
      }
      const auto committed = CommitUpdates(context, std::move(updates));
      if (committed) {
        return;
      }
      ASSERT_THAT(committed, FailsWith(ErrorKind::kConflict));
    }
  };
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&append, writer] {
        for (int i = 0; i < kAppends; ++i) {
          append(std::to_string(writer) + "-" + std::to_string(i));
        }
      });
    }
  }
  for (const TableName& name : {kOrders, kHistory}) {
    const LoadedTable table = *LoadTable(lake.store, **catalog, name);
    EXPECT_EQ(lake.Read(table).data.size(), size_t{kWriters * kAppends});
    EXPECT_EQ(table.metadata.last_sequence_number, kWriters * kAppends);
  }
}

}  // namespace
}  // namespace calve::table
