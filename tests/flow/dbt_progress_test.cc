#include "flow/dbt_progress.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "flow/flow_fixture.h"

namespace calve::flow {
namespace {

/// A table of two snapshots, which stands for the model's and for its upstream.
class DbtProgressTest : public ::testing::Test {
 protected:
  DbtProgressTest() {
    for (int64_t id : {1, 2}) {
      fixture_.Land(
          {{.id = id, .operation = 'I', .time_us = 1, .order_id = 1, .description = ""}});
    }
    metadata_ = fixture_.Load("landing.ecomm_audit_log_dml").metadata;
    newer_ = *metadata_.current_snapshot_id;
    older_ = *metadata_.current_snapshot()->parent_snapshot_id;
  }

  std::optional<UpstreamPoint> Found(const std::string& own,
                                     const std::string& upstream) {
    table::TableMetadata model = metadata_;
    model.properties["calve.dbt.progress"] =
        fmt::format(R"({{"own": {}, "upstream": {}}})", own, upstream);
    const auto found = FindDbtProgress(model, metadata_);
    return found ? std::optional(found->read) : std::nullopt;
  }

  static std::string Quoted(table::SnapshotId id) {
    return fmt::format("\"{}\"", id.value);
  }

  FlowFixture fixture_;
  table::TableMetadata metadata_;
  table::SnapshotId older_, newer_;
};

TEST_F(DbtProgressTest, NamesThePointThatWasRead) {
  const auto found = Found(Quoted(older_), Quoted(newer_));
  EXPECT_EQ(found, CurrentPoint(metadata_));
  EXPECT_TRUE(HasConsumed(metadata_, found));
  EXPECT_FALSE(HasConsumed(metadata_, Found(Quoted(older_), Quoted(older_))));
}

TEST_F(DbtProgressTest, DoesNotCountWithoutTheSnapshotsThatItRestsOn) {
  EXPECT_FALSE(FindDbtProgress(metadata_, metadata_).has_value());
  EXPECT_EQ(Found(Quoted({12345}), Quoted(newer_)), std::nullopt);
  EXPECT_EQ(Found(Quoted(newer_), Quoted({12345})), std::nullopt);
  metadata_.current_snapshot_id = older_;  // a rollback
  EXPECT_EQ(Found(Quoted(newer_), Quoted(older_)), std::nullopt);
  EXPECT_EQ(Found(Quoted(older_), Quoted(newer_)), std::nullopt);
}

TEST_F(DbtProgressTest, GarbageIsNoProgress) {
  for (const std::string garbage : {"\"\"", "\"7x\"", "null", "[1]", "{"}) {
    EXPECT_EQ(Found(garbage, Quoted(newer_)), std::nullopt);
    EXPECT_EQ(Found(Quoted(older_), garbage), std::nullopt);
  }
}

}  // namespace
}  // namespace calve::flow
