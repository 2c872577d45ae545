#include "table/maintain/expiry.h"

#include <algorithm>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "table/maintain/compaction.h"
#include "table/maintain/maintain_fixture.h"

namespace calve::table {
namespace {

using testing::MaintainedLake;
using testing::Must;

constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

/// A line of snapshots 1 to `count`, one a second from 1000 ms on; `main` at the last.
TableMetadata Line(int64_t count) {
  TableMetadata metadata;
  for (int64_t id = 1; id <= count; ++id) {
    Snapshot snapshot;
    snapshot.snapshot_id = {id};
    if (id > 1) {
      snapshot.parent_snapshot_id = SnapshotId{id - 1};
    }
    snapshot.timestamp_ms = id * 1000;
    metadata.snapshots.push_back(snapshot);
  }
  metadata.current_snapshot_id = SnapshotId{count};
  metadata.refs["main"].snapshot_id = {count};
  return metadata;
}

std::vector<int64_t> Expired(const TableMetadata& metadata, const ExpiryPolicy& policy,
                             const std::set<SnapshotId>& needed = {},
                             int64_t now_ms = 10'000) {
  std::vector<int64_t> ids;
  for (const SnapshotId id : PlanExpiry(metadata, policy, needed, now_ms).expired) {
    ids.push_back(id.value);
  }
  return ids;
}

ExpiryPolicy Aged(int64_t age_ms, int64_t least = 1, int64_t most = 1000) {
  return {.max_snapshot_age_ms = age_ms,
          .min_snapshots_to_keep = least,
          .max_snapshots = most};
}

TEST(PlanExpiryTest, AgeAndLeastAndMostDecide) {
  const TableMetadata metadata = Line(10);
  EXPECT_EQ(Expired(metadata, Aged(kForever)), std::vector<int64_t>{});
  EXPECT_EQ(Expired(metadata, Aged(7000)), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(Expired(metadata, Aged(0)).size(), 9U) << "the current one never goes";
  EXPECT_EQ(Expired(metadata, Aged(0, 9)), (std::vector<int64_t>{1}));
  EXPECT_EQ(Expired(metadata, Aged(kForever, 1, 8)), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(Expired(metadata, Aged(0, 9, 1)), (std::vector<int64_t>{1}));
}

TEST(PlanExpiryTest, WhatAConsumerNeedsStaysWithAllThatFollows) {
  const TableMetadata metadata = Line(10);
  EXPECT_EQ(Expired(metadata, Aged(0), {{4}}), (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(PlanExpiry(metadata, Aged(0), {{4}}, 10'000).held, 6);
  EXPECT_EQ(Expired(metadata, Aged(0), {{99}}).size(), 9U);
}

TEST(PlanExpiryTest, TagsAndBranchesKeepWhatTheyName) {
  TableMetadata metadata = Line(10);
  metadata.refs["release"] = {.snapshot_id = {3},
                              .type = "tag",
                              .min_snapshots_to_keep = {},
                              .max_snapshot_age_ms = {},
                              .max_ref_age_ms = {}};
  metadata.refs["audit"] = {.snapshot_id = {7},
                            .type = "branch",
                            .min_snapshots_to_keep = 2,
                            .max_snapshot_age_ms = {},
                            .max_ref_age_ms = {}};
  EXPECT_EQ(Expired(metadata, Aged(0)), (std::vector<int64_t>{1, 2, 4, 5, 8, 9}));
  metadata.refs["release"].max_ref_age_ms = 6000;
  const ExpiryPlan plan = PlanExpiry(metadata, Aged(0), {}, 10'000);
  EXPECT_EQ(plan.refs, std::vector<std::string>{"release"});
  EXPECT_TRUE(plan.expired.contains({3}));
}

TEST(PlanExpiryTest, WhatNoRefReachesStaysWhileItIsYoung) {
  TableMetadata metadata = Line(10);
  metadata.refs["main"].snapshot_id = {5};
  metadata.current_snapshot_id = SnapshotId{5};
  EXPECT_EQ(Expired(metadata, Aged(3000)), (std::vector<int64_t>{1, 2, 3, 4, 6}));
}

TEST(PlanExpiryTest, PropertiesGoBeforeThePolicy) {
  TableMetadata metadata = Line(3);
  metadata.properties = {{"history.expire.max-snapshot-age-ms", "5"},
                         {"history.expire.min-snapshots-to-keep", "2"}};
  const ExpiryPolicy policy = PolicyFor(metadata, {});
  EXPECT_EQ(policy.max_snapshot_age_ms, 5);
  EXPECT_EQ(policy.min_snapshots_to_keep, 2);
  metadata.properties["history.expire.max-snapshot-age-ms"] = "soon";
  EXPECT_EQ(PolicyFor(metadata, {}).max_snapshot_age_ms,
            ExpiryPolicy().max_snapshot_age_ms);
}

ExpiryReport ExpireAllBut(MaintainedLake& it, int64_t most) {
  const auto table = it.Load();
  const auto plan = PlanExpiry(table.metadata, Aged(kForever, 1, most), {},
                               it.lake.clock.Now().value / 1000);
  return Must(Expire(it.lake.context(), table, plan));
}

TEST(ExpireTest, FilesThatOnlyExpiredSnapshotsReachedAreGone) {
  MaintainedLake it;
  for (int i = 0; i < 8; ++i) {
    it.Append(10 * i, 10 * i + 10);
  }
  Must(Compact(it.lake.context(), it.Load(), {}));
  const ExpiryReport report = ExpireAllBut(it, 1);
  EXPECT_EQ(report.snapshots, 8);
  EXPECT_EQ(report.data_files, 8);
  EXPECT_EQ(it.Stored(), it.Reachable());
  EXPECT_EQ(it.Ids().size(), 80U);
  EXPECT_EQ(it.Load().metadata.snapshot_log.size(), 1U);
}

TEST(ExpireTest, StatisticsOfExpiredSnapshotsGoWithTheirFiles) {
  MaintainedLake it;
  it.Append(0, 10);
  it.Append(10, 20);
  auto table = it.Load();
  const auto& snapshots = table.metadata.snapshots;
  ASSERT_TRUE(io::WriteObject(it.lake.store, "memory://lake/old.puffin", "x"));
  ASSERT_TRUE(io::WriteObject(it.lake.store, "memory://lake/new.puffin", "x"));
  const auto entry = [](const Snapshot& snapshot, const char* path) {
    return fmt::format(R"({{"snapshot-id":{},"statistics-path":"{}"}})",
                       snapshot.snapshot_id.value, path);
  };
  table.metadata.unknown_members = fmt::format(
      R"({{"statistics":[{},{}]}})", entry(snapshots[0], "memory://lake/old.puffin"),
      entry(snapshots[1], "memory://lake/new.puffin"));
  const auto plan = PlanExpiry(table.metadata, Aged(kForever, 1, 1), {}, 0);
  Must(Expire(it.lake.context(), table, plan));
  EXPECT_FALSE(it.lake.store.Has("memory://lake/old.puffin"));
  EXPECT_TRUE(it.lake.store.Has("memory://lake/new.puffin"));
  EXPECT_EQ(StatisticsFiles(it.Load().metadata).size(), 1U);
}

TEST(ExpireTest, AfterALostRaceNothingIsDeleted) {
  MaintainedLake it;
  it.Append(0, 10);
  it.Append(10, 20);
  const auto table = it.Load();
  const auto plan = PlanExpiry(table.metadata, Aged(kForever, 1, 1), {}, 0);
  it.Append(20, 30);
  EXPECT_THAT(Expire(it.lake.context(), table, plan), FailsWith(ErrorKind::kConflict));
  EXPECT_EQ(it.IdsBySnapshot().size(), 3U);
}

TEST(ExpireTest, ASnapshotThatARefNamesIsRefused) {
  MaintainedLake it;
  it.Append(0, 10);
  TableUpdate update = it.lake.Update();
  EXPECT_THAT(update.ExpireSnapshots({*it.Load().metadata.current_snapshot_id}),
              FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(update.RemoveRef("main"), FailsWith(ErrorKind::kInvalidArgument));
}

/// One random change of the table. \return the next id to give
int64_t ExpiryStep(MaintainedLake& it, int64_t next_id) {
  const auto tasks = it.Tasks();
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      if (!tasks.empty()) {
        const ScanTask task = *rc::gen::elementOf(tasks);
        if (task.deletes.empty() && task.file.record_count > 1) {
          it.DeleteRows(task, {0});
        }
      }
      return next_id;
    case 1: {
      CompactionRequest request;
      request.policy.files_per_merge = 2;
      request.policy.worn_files = 1;
      Must(Compact(it.lake.context(), it.Load(), request));
      return next_id;
    }
    case 2: {
      const auto& snapshots = it.Load().metadata.snapshots;
      if (!snapshots.empty()) {
        TableUpdate update = it.lake.Update();
        EXPECT_TRUE(
            update.Rollback((*rc::gen::elementOf(snapshots)).snapshot_id).has_value());
        it.lake.MustCommit(std::move(update));
      }
      return next_id;
    }
    default:
      it.Append(next_id, next_id + 4, *rc::gen::inRange(0, 2));
      return next_id + 4;
  }
}

TEST(ExpireLaw, RetainedSnapshotsReadAsBeforeAndNothingElseIsLeft) {
  EXPECT_TRUE(rc::check("any history, any limits", [] {
    MaintainedLake it(*rc::gen::arbitrary<uint64_t>());
    int64_t next_id = 0;
    const int steps = *rc::gen::inRange(1, 16);
    for (int i = 0; i < steps; ++i) {
      next_id = ExpiryStep(it, next_id);
      if (*rc::gen::inRange(0, 4) != 0) {
        continue;
      }
      const auto before = it.IdsBySnapshot();
      const auto table = it.Load();
      const auto plan = PlanExpiry(
          table.metadata,
          Aged(*rc::gen::inRange<int64_t>(0, 20'000), *rc::gen::inRange<int64_t>(1, 4),
               *rc::gen::inRange<int64_t>(1, 6)),
          {}, it.lake.clock.Now().value / 1000);
      Must(Expire(it.lake.context(), table, plan));
      const auto after = it.IdsBySnapshot();
      RC_ASSERT(after.size() == before.size() - plan.expired.size());
      RC_ASSERT(std::includes(before.begin(), before.end(), after.begin(), after.end()));
      RC_ASSERT(it.Stored() == it.Reachable());
    }
  }));
}

}  // namespace
}  // namespace calve::table
