#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "table/scan/scan_fixture.h"

namespace calve::table::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PlanIncrementalTest : public ScanTest {
 protected:
  static Schema OneColumn() {
    Schema schema;
    schema.fields = {Column(1, "n", TypeOf(TypeId::kInt))};
    return schema;
  }

  DataFile FileOf(int number) {
    return WriteAll(TargetOf(OneColumn()),
                    {FromJson(OneColumn(), "[[" + std::to_string(number) + "]]")})[0];
  }

  /// A table of one append per number, the snapshots' ids from 100.
  TableMetadata Appended(int snapshots) {
    TableMetadata metadata = NewTable(OneColumn());
    for (int number = 0; number < snapshots; ++number) {
      Commit(metadata, "append", {.data = {FileOf(number)}, .deletes = {}});
    }
    return metadata;
  }

  /// The numbers that were appended, or nullopt.
  std::optional<std::vector<std::string>> Between(const TableMetadata& metadata,
                                                  std::optional<int64_t> from,
                                                  size_t to) {
    const auto id = from ? std::optional(SnapshotId{*from}) : std::nullopt;
    auto tasks = PlanIncrementalAppend(store_, metadata, id, metadata.snapshots[to]);
    EXPECT_TRUE(tasks) << tasks.error().message;
    if (!*tasks) {
      return std::nullopt;
    }
    for (const ScanTask& task : **tasks) {
      EXPECT_THAT(task.deletes, IsEmpty());
    }
    return Read(**tasks, Reading(OneColumn()));
  }
};

TEST_F(PlanIncrementalTest, AppendedFilesComeOldestSnapshotFirst) {
  const TableMetadata metadata = Appended(4);
  EXPECT_THAT(*Between(metadata, 100, 3), ElementsAre("1", "2", "3"));
  EXPECT_THAT(*Between(metadata, 101, 2), ElementsAre("2"));
  EXPECT_THAT(*Between(metadata, std::nullopt, 1), ElementsAre("0", "1"));
}

TEST_F(PlanIncrementalTest, TasksTellTheSequenceNumber) {
  const TableMetadata metadata = Appended(2);
  const auto tasks =
      PlanIncrementalAppend(store_, metadata, SnapshotId{100}, metadata.snapshots[1]);
  ASSERT_TRUE(tasks) << tasks.error().message;
  ASSERT_EQ((*tasks)->size(), 1U);
  EXPECT_EQ((**tasks)[0].data_sequence_number, 2);
}

TEST_F(PlanIncrementalTest, NothingLiesBetweenASnapshotAndItself) {
  EXPECT_THAT(*Between(Appended(2), 101, 1), IsEmpty());
}

TEST_F(PlanIncrementalTest, ACompactionAddsNothing) {
  TableMetadata metadata = Appended(2);
  Commit(metadata, "replace", {.data = {FileOf(9)}, .deletes = {}});
  Commit(metadata, "append", {.data = {FileOf(3)}, .deletes = {}});
  EXPECT_THAT(*Between(metadata, 100, 3), ElementsAre("1", "3"));
}

TEST_F(PlanIncrementalTest, MergedManifestsAddOnlyWhatIsNew) {
  TableMetadata metadata = Appended(2);
  Snapshot next;
  next.snapshot_id = {102};
  std::vector<ManifestEntry> entries;
  const auto tasks = PlanScan(store_, metadata, metadata.snapshots[1], {});
  ASSERT_TRUE(tasks) << tasks.error().message;
  for (const ScanTask& task : *tasks) {
    ManifestEntry entry;
    entry.status = EntryStatus::kExisting;
    entry.snapshot_id = 99 + task.data_sequence_number;
    entry.data_sequence_number = task.data_sequence_number;
    entry.file_sequence_number = task.data_sequence_number;
    entry.file = task.file;
    entries.push_back(entry);
  }
  ManifestEntry added;
  added.snapshot_id = 102;
  added.file = FileOf(2);
  entries.push_back(added);
  manifests_.clear();
  AddEntries(metadata, next, {}, ManifestContent::kData, entries);
  Commit(metadata, "append", {});
  EXPECT_THAT(*Between(metadata, 101, 2), ElementsAre("2"));
  EXPECT_THAT(*Between(metadata, 100, 2), ElementsAre("1", "2"));
}

TEST_F(PlanIncrementalTest, AnyOtherOperationIsNotTheWholeDifference) {
  for (const std::string operation : {"overwrite", "delete", ""}) {
    manifests_.clear();
    TableMetadata metadata = Appended(1);
    Commit(metadata, operation, {.data = {FileOf(1)}, .deletes = {}});
    Commit(metadata, "append", {.data = {FileOf(2)}, .deletes = {}});
    EXPECT_EQ(Between(metadata, 100, 2), std::nullopt);
    EXPECT_THAT(*Between(metadata, 101, 2), ElementsAre("2"));
  }
}

TEST_F(PlanIncrementalTest, AnAppendThatDeletesIsNotTheWholeDifference) {
  TableMetadata metadata = Appended(1);
  const DataFile file = FileOf(1);
  Commit(metadata, "append",
         {.data = {file},
          .deletes = {*WritePositionDeletes(TargetOf(OneColumn()), file, {0})}});
  EXPECT_EQ(Between(metadata, 100, 1), std::nullopt);
}

TEST_F(PlanIncrementalTest, ASnapshotThatIsGoneIsNotTheWholeDifference) {
  TableMetadata metadata = Appended(3);
  metadata.snapshots.erase(metadata.snapshots.begin() + 1);
  EXPECT_EQ(Between(metadata, 100, 1), std::nullopt);
  EXPECT_EQ(Between(metadata, std::nullopt, 1), std::nullopt);
}

TEST_F(PlanIncrementalTest, ASnapshotOfAnotherBranchIsNotTheWholeDifference) {
  const TableMetadata metadata = Appended(2);
  EXPECT_EQ(Between(metadata, 101, 0), std::nullopt);
  EXPECT_EQ(Between(metadata, 999, 1), std::nullopt);
}

TEST_F(PlanIncrementalTest, ParentsThatFormACircleEnd) {
  TableMetadata metadata = Appended(2);
  metadata.snapshots[0].parent_snapshot_id = metadata.snapshots[1].snapshot_id;
  EXPECT_EQ(Between(metadata, 999, 1), std::nullopt);
}

}  // namespace
}  // namespace calve::table::testing
