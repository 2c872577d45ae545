#include "table/metadata/table_metadata.h"

#include <string>

#include <gtest/gtest.h>

#include "table/metadata/example_metadata.h"

namespace calve::table {
namespace {

/// Snapshots 1 ← 2 ← 3, and 4 beside them with parent 1.
TableMetadata Branched() {
  TableMetadata metadata = ExampleMetadata();
  metadata.snapshots.clear();
  for (const auto& [id, parent] : {std::pair{1, 0}, {2, 1}, {3, 2}, {4, 1}}) {
    Snapshot snapshot;
    snapshot.snapshot_id = SnapshotId{id};
    if (parent != 0) {
      snapshot.parent_snapshot_id = SnapshotId{parent};
    }
    metadata.snapshots.push_back(snapshot);
  }
  metadata.current_snapshot_id = SnapshotId{3};
  metadata.refs = {};
  return metadata;
}

std::string Problem(const TableMetadata& metadata) {
  const Status status = CheckMetadata(metadata);
  if (status) {
    return "none";
  }
  EXPECT_EQ(status.error().kind, ErrorKind::kCorrupt);
  return status.error().message;
}

TEST(TableMetadataTest, FindsWhatIsCurrent) {
  const TableMetadata metadata = ExampleMetadata();
  EXPECT_EQ(&metadata.schema(), &metadata.schemas[1]);
  EXPECT_EQ(&metadata.partition_spec(), &metadata.partition_specs[0]);
  EXPECT_EQ(&metadata.sort_order(), &metadata.sort_orders[1]);
  EXPECT_EQ(metadata.current_snapshot(), &metadata.snapshots[1]);
}

TEST(TableMetadataTest, AnEmptyTableHasNoCurrentSnapshot) {
  TableMetadata metadata = ExampleMetadata();
  metadata.current_snapshot_id.reset();
  EXPECT_EQ(metadata.current_snapshot(), nullptr);
}

TEST(TableMetadataTest, ASnapshotTellsItsOperation) {
  EXPECT_EQ(ExampleMetadata().snapshots[1].operation(), "overwrite");
  EXPECT_EQ(Snapshot{}.operation(), "");
}

TEST(TableMetadataTest, ASnapshotIsReadWithTheSchemaItWasWrittenWith) {
  const TableMetadata metadata = ExampleMetadata();
  EXPECT_EQ(&metadata.SchemaOf(metadata.snapshots[0]), &metadata.schemas[0]);
  Snapshot silent = metadata.snapshots[0];
  silent.schema_id.reset();
  EXPECT_EQ(&metadata.SchemaOf(silent), &metadata.schemas[1]);
  silent.schema_id = 77;
  EXPECT_EQ(&metadata.SchemaOf(silent), &metadata.schemas[1]);
}

TEST(TableMetadataTest, AsOfFollowsTheSnapshotLog) {
  const TableMetadata metadata = ExampleMetadata();  // 11 at 1000 ms, 12 at 2000 ms
  const auto as_of = [&](int64_t micros) {
    const Snapshot* snapshot = metadata.SnapshotAsOf(TimestampUs{micros});
    return snapshot == nullptr ? 0 : snapshot->snapshot_id.value;
  };
  EXPECT_EQ(as_of(-1), 0);
  EXPECT_EQ(as_of(999'999), 0);
  EXPECT_EQ(as_of(1'000'000), 11);
  EXPECT_EQ(as_of(1'999'999), 11);
  EXPECT_EQ(as_of(2'000'000), 12);
  EXPECT_EQ(as_of(9'000'000), 12);
}

TEST(TableMetadataTest, AsOfFindsARollbackAndNotAnExpiredSnapshot) {
  TableMetadata metadata = ExampleMetadata();
  metadata.snapshot_log.push_back({3000, SnapshotId{11}});
  EXPECT_EQ(metadata.SnapshotAsOf(TimestampUs{3'000'000}), &metadata.snapshots[0]);
  metadata.snapshot_log.push_back({4000, SnapshotId{99}});
  EXPECT_EQ(metadata.SnapshotAsOf(TimestampUs{4'000'000}), nullptr);
}

TEST(TableMetadataTest, AsOfRoundsDownBeforeTheEpoch) {
  TableMetadata metadata = ExampleMetadata();
  metadata.snapshot_log = {{0, SnapshotId{11}}};
  EXPECT_EQ(metadata.SnapshotAsOf(TimestampUs{-1}), nullptr);
}

TEST(TableMetadataTest, AncestorsAreFoundThroughTheirParents) {
  const TableMetadata metadata = Branched();
  const auto is_ancestor = [&](int64_t ancestor, int64_t descendant) {
    return metadata.IsAncestor(SnapshotId{ancestor}, SnapshotId{descendant});
  };
  EXPECT_TRUE(is_ancestor(1, 3));
  EXPECT_TRUE(is_ancestor(3, 3));
  EXPECT_TRUE(is_ancestor(1, 4));
  EXPECT_FALSE(is_ancestor(3, 1));
  EXPECT_FALSE(is_ancestor(2, 4));
  EXPECT_FALSE(is_ancestor(1, 99));
}

TEST(TableMetadataTest, AParentThatIsExpiredStillCountsAsAncestor) {
  TableMetadata metadata = Branched();
  metadata.snapshots.erase(metadata.snapshots.begin());
  EXPECT_TRUE(metadata.IsAncestor(SnapshotId{1}, SnapshotId{3}));
}

TEST(TableMetadataTest, ACycleOfParentsHasAnEnd) {
  TableMetadata metadata = Branched();
  metadata.snapshots[0].parent_snapshot_id = SnapshotId{3};
  EXPECT_FALSE(metadata.IsAncestor(SnapshotId{99}, SnapshotId{3}));
}

TEST(CheckMetadataTest, AcceptsTheExample) {
  EXPECT_EQ(Problem(ExampleMetadata()), "none");
  EXPECT_EQ(Problem(Branched()), "none");
}

TEST(CheckMetadataTest, IdsMustResolve) {
  TableMetadata metadata = ExampleMetadata();
  metadata.current_schema_id = 9;
  EXPECT_EQ(Problem(metadata), "current-schema-id: 9 is not there");
  metadata = ExampleMetadata();
  metadata.default_spec_id = 9;
  EXPECT_EQ(Problem(metadata), "default-spec-id: 9 is not there");
  metadata = ExampleMetadata();
  metadata.default_sort_order_id = 9;
  EXPECT_EQ(Problem(metadata), "default-sort-order-id: 9 is not there");
  metadata = ExampleMetadata();
  metadata.current_snapshot_id = SnapshotId{9};
  EXPECT_EQ(Problem(metadata), "current-snapshot-id: 9 is not there");
  metadata = ExampleMetadata();
  metadata.refs["audit"].snapshot_id = SnapshotId{9};
  EXPECT_EQ(Problem(metadata), "refs.audit.snapshot-id: 9 is not there");
}

TEST(CheckMetadataTest, SourceColumnsMustBeThere) {
  TableMetadata metadata = ExampleMetadata();
  metadata.partition_specs[0].fields[0].source_id = FieldId{9};
  EXPECT_EQ(Problem(metadata),
            "default-spec-id: partition field 'at_day': its source column 9 is missing");
  metadata = ExampleMetadata();
  metadata.sort_orders[1].fields[0].source_id = FieldId{9};
  EXPECT_EQ(Problem(metadata), "default-sort-order-id: its source column 9 is missing");
}

TEST(CheckMetadataTest, MainMustBeTheCurrentSnapshot) {
  TableMetadata metadata = ExampleMetadata();
  metadata.refs["main"].snapshot_id = SnapshotId{11};
  EXPECT_EQ(Problem(metadata), "refs.main: is not the current snapshot");
  metadata.current_snapshot_id.reset();
  EXPECT_EQ(Problem(metadata), "refs.main: is not the current snapshot");
}

TEST(CheckMetadataTest, IdsMustBeUnique) {
  TableMetadata metadata = ExampleMetadata();
  metadata.schemas.push_back(metadata.schemas[0]);
  EXPECT_EQ(Problem(metadata), "schemas: id 0 repeated");
  metadata = ExampleMetadata();
  metadata.partition_specs.push_back(metadata.partition_specs[0]);
  EXPECT_EQ(Problem(metadata), "partition-specs: id 0 repeated");
  metadata = ExampleMetadata();
  metadata.sort_orders.push_back(metadata.sort_orders[1]);
  EXPECT_EQ(Problem(metadata), "sort-orders: id 1 repeated");
  metadata = ExampleMetadata();
  metadata.snapshots.push_back(metadata.snapshots[0]);
  EXPECT_EQ(Problem(metadata), "snapshots: id 11 repeated");
}

TEST(CheckMetadataTest, NoSnapshotMayBeItsOwnAncestor) {
  TableMetadata metadata = Branched();
  metadata.snapshots[0].parent_snapshot_id = SnapshotId{1};
  EXPECT_EQ(Problem(metadata), "snapshots: 1 is its own ancestor");
  metadata.snapshots[0].parent_snapshot_id = SnapshotId{3};
  EXPECT_EQ(Problem(metadata), "snapshots: 1 is its own ancestor");
}

TEST(CheckMetadataTest, NoSnapshotMayBeAheadOfTheLastSequenceNumber) {
  TableMetadata metadata = ExampleMetadata();
  metadata.last_sequence_number = 1;
  EXPECT_EQ(Problem(metadata), "last-sequence-number: behind snapshot 12");
}

}  // namespace
}  // namespace calve::table
