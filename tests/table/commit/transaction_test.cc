#include "table/commit/transaction.h"

#include "table/commit/commit_fixture.h"

namespace calve::table::testing {
namespace {

using ::testing::ElementsAre;

Result<std::vector<LoadedTable>> CommitInside(Lake& lake, const Transaction& transaction,
                                              TableUpdate update) {
  CommitContext context = lake.context();
  const auto catalog = transaction.catalog();
  context.catalog = catalog.get();
  std::vector<TableUpdate> updates;
  updates.push_back(std::move(update));
  lake.clock.AdvanceMs(1000);
  return CommitUpdates(context, std::move(updates));
}

LoadedTable AppendInside(Lake& lake, const Transaction& transaction,
                         const std::string& file) {
  const auto catalog = transaction.catalog();
  auto table = LoadTable(lake.store, *catalog, kOrders);
  EXPECT_TRUE(table) << table.error().message;
  TableUpdate update(*std::move(table), NewSnapshotId(lake.uuids()));
  EXPECT_TRUE(update.Append({lake.Data(file)}));
  auto committed = CommitInside(lake, transaction, std::move(update));
  EXPECT_TRUE(committed) << committed.error().message;
  return committed->front();
}

class TransactionTest : public ::testing::Test {
 protected:
  void SetUp() override { lake_.MustCommit(lake_.Create(OrdersDefinition())); }

  LoadedTable Outside() { return *LoadTable(lake_.store, lake_.catalog, kOrders); }

  Lake lake_;
};

TEST_F(TransactionTest, ShowsItsCommitsInsideOnlyUntilItIsPublished) {
  Transaction transaction(lake_.context());
  AppendInside(lake_, transaction, "a.parquet");
  const LoadedTable inside = AppendInside(lake_, transaction, "b.parquet");
  EXPECT_EQ(lake_.Read(inside).data.size(), 2U);
  EXPECT_TRUE(lake_.Read(Outside()).data.empty());
  ASSERT_TRUE(transaction.Publish());
  EXPECT_THAT(
      lake_.Read(Outside()).data_paths(),
      ElementsAre("memory://lake/data/a.parquet", "memory://lake/data/b.parquet"));
}

TEST_F(TransactionTest, NamesInTheLogsOnlyWhatOthersCouldSee) {
  const LoadedTable base = Outside();
  Transaction transaction(lake_.context());
  AppendInside(lake_, transaction, "a.parquet");
  AppendInside(lake_, transaction, "b.parquet");
  ASSERT_TRUE(transaction.Publish());
  const TableMetadata metadata = Outside().metadata;
  EXPECT_EQ(metadata.snapshots.size(), 2U);
  ASSERT_EQ(metadata.snapshot_log.size(), 1U);
  EXPECT_EQ(metadata.snapshot_log.front().snapshot_id, *metadata.current_snapshot_id);
  ASSERT_EQ(metadata.metadata_log.size(), base.metadata.metadata_log.size() + 1);
  EXPECT_EQ(metadata.metadata_log.back().metadata_file, base.metadata_location);
}

TEST_F(TransactionTest, IsRefusedAsAWholeIfOthersChangedOneOfItsTables) {
  Transaction transaction(lake_.context());
  AppendInside(lake_, transaction, "a.parquet");
  ASSERT_TRUE(CommitInside(lake_, transaction, lake_.Create(OrdersDefinition(kHistory))));
  TableUpdate other = lake_.Update();
  ASSERT_TRUE(other.Append({lake_.Data("other.parquet")}));
  lake_.MustCommit(std::move(other));
  EXPECT_THAT(transaction.Publish(), FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(lake_.Read(Outside()).data_paths(),
              ElementsAre("memory://lake/data/other.parquet"));
  EXPECT_THAT(lake_.catalog.MetadataLocation(kHistory), FailsWith(ErrorKind::kNotFound));
}

TEST_F(TransactionTest, RefusesACommitOnAnOlderVersionInsideIt) {
  Transaction transaction(lake_.context());
  TableUpdate stale = lake_.Update();
  ASSERT_TRUE(stale.Append({lake_.Data("stale.parquet")}));
  AppendInside(lake_, transaction, "a.parquet");
  EXPECT_THAT(CommitInside(lake_, transaction, std::move(stale)),
              FailsWith(ErrorKind::kConflict));
}

TEST_F(TransactionTest, FindsOutThatALostReplyToItsPublicationWasACommit) {
  Transaction transaction(lake_.context());
  AppendInside(lake_, transaction, "a.parquet");
  lake_.catalog.ScriptReplies({Reply::kLostAfterApplying});
  EXPECT_TRUE(transaction.Publish());
  EXPECT_EQ(lake_.Read(Outside()).data.size(), 1U);
}

TEST_F(TransactionTest, APublicationThatCannotBeWrittenLeavesNothingOfItself) {
  Transaction transaction(lake_.context());
  AppendInside(lake_, transaction, "a.parquet");
  ASSERT_TRUE(CommitInside(lake_, transaction, lake_.Create(OrdersDefinition(kHistory))));
  const auto objects = lake_.store.Locations();
  lake_.store.FailAfterWrites(1);
  EXPECT_THAT(transaction.Publish(), FailsWith(ErrorKind::kUnavailable));
  EXPECT_EQ(lake_.store.Locations(), objects);
  lake_.store.Heal();
  EXPECT_TRUE(transaction.Publish());
}

TEST_F(TransactionTest, WithoutAChangePublishesNothing) {
  Transaction transaction(lake_.context());
  const int commits = lake_.catalog.commits();
  EXPECT_TRUE(transaction.Publish());
  EXPECT_EQ(lake_.catalog.commits(), commits);
}

}  // namespace
}  // namespace calve::table::testing
