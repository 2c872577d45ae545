#include "flow/marker.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "flow/flow_fixture.h"

namespace calve::flow {
namespace {

const UpstreamPoint kPoint{"uuid", {7}, 3};

class MarkerTest : public ::testing::Test {
 protected:
  MarkerTest() {
    fixture_.Land(
        {{.id = 1, .operation = 'I', .time_us = 1, .order_id = 1, .description = ""}});
  }

  table::LoadedTable Load() { return fixture_.Load("landing.ecomm_audit_log_dml"); }

  table::TableUpdate Update() {
    return {Load(), table::NewSnapshotId(*fixture_.pipeline().uuids)};
  }

  void Commit(table::TableUpdate update) {
    std::vector<table::TableUpdate> updates;
    updates.push_back(std::move(update));
    Must(table::CommitUpdates(fixture_.pipeline().commit_context(), std::move(updates)));
  }

  std::optional<UpstreamPoint> Found() {
    return FindMarker(Load().metadata, "up.stream");
  }

  void CommitMarker(const UpstreamPoint& point) {
    table::TableUpdate update = Update();
    SetMarker(update, "up.stream", point);
    Commit(std::move(update));
  }

  FlowFixture fixture_;
};

TEST_F(MarkerTest, IsFoundThroughLaterSnapshots) {
  EXPECT_EQ(Found(), std::nullopt);
  CommitMarker(kPoint);
  EXPECT_EQ(Found(), kPoint);
  fixture_.Land(
      {{.id = 2, .operation = 'I', .time_us = 1, .order_id = 1, .description = ""}});
  EXPECT_EQ(Found(), kPoint);
  EXPECT_EQ(FindMarker(Load().metadata, "other"), std::nullopt);
}

TEST_F(MarkerTest, DoesNotCountAfterARollbackBehindIt) {
  const table::SnapshotId before = Load().metadata.current_snapshot()->snapshot_id;
  CommitMarker(kPoint);
  table::TableUpdate update = Update();
  ASSERT_TRUE(update.Rollback(before));
  Commit(std::move(update));
  EXPECT_EQ(Found(), std::nullopt);
}

TEST_F(MarkerTest, CopiedIntoAnotherSnapshotDoesNotCount) {
  CommitMarker(kPoint);
  const auto copied =
      Load().metadata.current_snapshot()->summary.at("calve.applied.up.stream");
  const table::SnapshotId first = *Load().metadata.current_snapshot()->parent_snapshot_id;
  table::TableUpdate back = Update();
  ASSERT_TRUE(back.Rollback(first));
  Commit(std::move(back));
  table::TableUpdate update = Update();
  update.SetSummary("calve.applied.up.stream", copied);
  Commit(std::move(update));
  EXPECT_EQ(Found(), std::nullopt);
}

TEST_F(MarkerTest, ThePropertyCountsWhereItsSnapshotIsTheExpiredParent) {
  CommitMarker(kPoint);
  fixture_.Land(
      {{.id = 2, .operation = 'I', .time_us = 1, .order_id = 1, .description = ""}});
  table::TableMetadata metadata = Load().metadata;
  const table::SnapshotId last = *metadata.current_snapshot_id;
  std::erase_if(metadata.snapshots, [&](const auto& s) { return s.snapshot_id != last; });
  EXPECT_EQ(FindMarker(metadata, "up.stream"), kPoint);
  metadata.snapshots.front().parent_snapshot_id = table::SnapshotId{12345};
  EXPECT_EQ(FindMarker(metadata, "up.stream"), std::nullopt);
}

TEST_F(MarkerTest, GarbageAndCyclesAreNoMarker) {
  table::TableMetadata metadata = Load().metadata;
  metadata.properties["calve.applied.up.stream"] = "{\"table-uuid\": 3";
  table::Snapshot& snapshot = metadata.snapshots.front();
  snapshot.summary["calve.applied.up.stream"] = "[1]";
  snapshot.parent_snapshot_id = snapshot.snapshot_id;
  EXPECT_EQ(FindMarker(metadata, "up.stream"), std::nullopt);
}

}  // namespace
}  // namespace calve::flow
