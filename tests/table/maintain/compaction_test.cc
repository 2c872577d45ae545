#include "table/maintain/compaction.h"

#include <string>

#include <rapidcheck.h>

#include "table/maintain/maintain_fixture.h"

namespace calve::table {
namespace {

using testing::kOrders;
using testing::MaintainedLake;
using testing::Must;

CompactionRequest Thorough() {
  CompactionRequest request;
  request.policy.worn_files = 1;
  return request;
}

CompactionReport Squeeze(MaintainedLake& it,
                         const CompactionRequest& request = Thorough()) {
  return Must(Compact(it.lake.context(), it.Load(), request));
}

TEST(CompactTest, SmallFilesBecomeOneAndTheOldSnapshotStillReads) {
  MaintainedLake it;
  for (int i = 0; i < 8; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  const auto before = it.IdsBySnapshot();
  const CompactionReport report = Squeeze(it);
  EXPECT_EQ(report.commits, 1);
  EXPECT_EQ(report.removed_data_files, 8);
  EXPECT_EQ(it.Tasks().size(), 1U);
  EXPECT_EQ(it.Load().metadata.current_snapshot()->operation(), "replace");
  auto after = it.IdsBySnapshot();
  EXPECT_EQ(it.Ids(), before.at(it.Load().metadata.snapshots[7].snapshot_id.value));
  after.erase(it.Load().metadata.current_snapshot_id->value);
  EXPECT_EQ(after, before);
  EXPECT_EQ(Squeeze(it).commits, 0) << "a repeat finds nothing";
}

TEST(CompactTest, DeletesAreAppliedOwnOnesGoAndForeignOnesStay) {
  MaintainedLake it;
  it.Append(0, 10);
  it.DeleteRows(it.Tasks().front(), {1, 2, 3});
  const DataFile foreign = it.DeleteForeign(it.Tasks().front(), {5});
  const auto before = it.Ids();
  ASSERT_EQ(before, (std::vector<int64_t>{0, 4, 6, 7, 8, 9}));
  const CompactionReport report = Squeeze(it);
  EXPECT_EQ(report.removed_delete_files, 1);
  EXPECT_EQ(it.Ids(), before);
  const auto contents = it.lake.Read(it.Load());
  EXPECT_EQ(contents.deletes.size(), 1U);
  EXPECT_TRUE(contents.deletes.contains(foreign.file_path));
  ASSERT_EQ(it.Tasks().size(), 1U);
  EXPECT_TRUE(it.Tasks().front().deletes.empty()) << "older than the new file";
}

TEST(CompactTest, AnAppendThatWasNotReadYetIsReadOnceFromItsOldFile) {
  MaintainedLake it;
  it.Append(0, 10);
  const SnapshotId consumed = *it.Load().metadata.current_snapshot_id;
  for (int i = 1; i < 9; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  Squeeze(it);
  const auto table = it.Load();
  const auto tasks = Must(PlanIncrementalAppend(it.lake.store, table.metadata, consumed,
                                                *table.metadata.current_snapshot()));
  ASSERT_TRUE(tasks.has_value());
  int64_t rows = 0;
  for (const ScanTask& task : *tasks) {
    rows += task.file.record_count;
  }
  EXPECT_EQ(rows, 80);
}

TEST(CompactTest, AnAppendThatComesBetweenIsKept) {
  MaintainedLake it;
  for (int i = 0; i < 8; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  it.lake.catalog.BeforeNextCommit([&] { it.Append(900, 910); });
  const CompactionReport report = Squeeze(it);
  EXPECT_EQ(report.commits, 1);
  EXPECT_EQ(report.lost_groups, 0);
  EXPECT_EQ(it.Ids().size(), 90U);
}

TEST(CompactTest, ADeleteThatComesBetweenIsNotUndone) {
  MaintainedLake it;
  for (int i = 0; i < 8; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  it.lake.catalog.BeforeNextCommit([&] { it.DeleteRows(it.Tasks().front(), {0}); });
  const CompactionReport report = Squeeze(it);
  EXPECT_EQ(report.lost_groups, 1);
  EXPECT_EQ(it.Ids().size(), 79U);
  EXPECT_EQ(it.Stored(), it.Reachable()) << "the lost group's files are gone";
}

TEST(CompactTest, ALostReplyLeavesNoFileMissing) {
  MaintainedLake it;
  for (int i = 0; i < 8; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  it.lake.catalog.ScriptReplies({testing::Reply::kLostAfterApplying});
  Squeeze(it);
  EXPECT_EQ(it.Ids().size(), 80U);
}

TEST(CompactTest, ASignalEndsItBeforeAnythingIsCommitted) {
  MaintainedLake it;
  for (int i = 0; i < 8; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  CompactionRequest request = Thorough();
  request.check = [] { return Status(Error{ErrorKind::kCancelled, "stop"}); };
  EXPECT_THAT(Compact(it.lake.context(), it.Load(), request),
              FailsWith(ErrorKind::kCancelled));
  EXPECT_EQ(it.Stored(), it.Reachable());
}

TEST(CompactTest, TheCommitCarriesWhatTheCallerAdds) {
  MaintainedLake it;
  for (int i = 0; i < 8; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  CompactionRequest request = Thorough();
  request.annotate = [](TableUpdate& update) { update.SetSummary("note", "kept"); };
  Squeeze(it, request);
  EXPECT_EQ(it.Load().metadata.current_snapshot()->summary.at("note"), "kept");
}

/// A random step of a table's life. \return the next id to give
int64_t CompactionStep(MaintainedLake& it, int64_t next_id) {
  const int kind = *rc::gen::inRange(0, 4);
  const auto tasks = it.Tasks();
  if (kind <= 1 || tasks.empty()) {
    const int64_t rows = *rc::gen::inRange<int64_t>(1, 12);
    it.Append(next_id, next_id + rows, *rc::gen::inRange(0, 2));
    return next_id + rows;
  }
  const ScanTask task = *rc::gen::elementOf(tasks);
  const auto deleted =
      Must(ReadDeletedPositions(it.lake.store, task.file.file_path, task.deletes));
  const int64_t position = *rc::gen::inRange<int64_t>(0, task.file.record_count);
  if (static_cast<int64_t>(deleted.size()) + 1 < task.file.record_count) {
    if (kind == 2) {
      it.DeleteRows(task, {position});
    } else {
      it.DeleteForeign(task, {position});
    }
  }
  return next_id;
}

TEST(CompactLaw, NoCompactionChangesTheRowsOfAnySnapshot) {
  EXPECT_TRUE(rc::check("compaction at any moment", [] {
    MaintainedLake it(*rc::gen::arbitrary<uint64_t>());
    CompactionRequest request = Thorough();
    request.policy.files_per_merge = *rc::gen::inRange<int64_t>(2, 5);
    int64_t next_id = 0;
    const int steps = *rc::gen::inRange(1, 9);
    for (int i = 0; i < steps; ++i) {
      next_id = CompactionStep(it, next_id);
      if (*rc::gen::inRange(0, 3) == 0) {
        const auto rows = it.Ids();
        const auto before = it.IdsBySnapshot();
        Squeeze(it, request);
        RC_ASSERT(it.Ids() == rows);
        const auto after = it.IdsBySnapshot();
        RC_ASSERT(
            std::includes(after.begin(), after.end(), before.begin(), before.end()));
        RC_ASSERT(it.Stored() == it.Reachable());
      }
    }
  }));
}

TEST(CompactLaw, ADeleteFileDroppedWithoutBeingAppliedIsNoticed) {
  MaintainedLake it;
  it.Append(0, 10);
  it.DeleteRows(it.Tasks().front(), {4});
  const auto before = it.Ids();
  FileChanges planted;
  planted.removed_deletes = {it.Tasks().front().deletes.front().file_path};
  TableUpdate update = it.lake.Update();
  ASSERT_TRUE(update.ReplaceFiles(planted));
  it.lake.MustCommit(std::move(update));
  EXPECT_NE(it.Ids(), before);
}

}  // namespace
}  // namespace calve::table
