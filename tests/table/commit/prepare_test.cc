/// \file prepare_test.cc
/// What a committed snapshot is made of: manifests, summary, logs, names.

#include <string>
#include <vector>

#include "table/commit/commit_fixture.h"

namespace calve::table {
namespace {

using testing::Contents;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kOrders;
using testing::Lake;
using ::testing::MatchesRegex;
using testing::OrdersDefinition;
using ::testing::SizeIs;

class PrepareTest : public ::testing::Test {
 protected:
  PrepareTest() {
    definition_ = OrdersDefinition();
    a_ = lake_.Data("a", 1);
    b_ = lake_.Data("b", 1);
    c_ = lake_.Data("c", 2);
  }

  LoadedTable Create(std::vector<DataFile> files) {
    TableUpdate update = lake_.Create(definition_);
    EXPECT_TRUE(update.Append(std::move(files)));
    return lake_.MustCommit(std::move(update));
  }

  LoadedTable Append(std::vector<DataFile> files) {
    TableUpdate update = lake_.Update();
    EXPECT_TRUE(update.Append(std::move(files)));
    return lake_.MustCommit(std::move(update));
  }

  Result<std::vector<LoadedTable>> Change(FileChanges changes) {
    TableUpdate update = lake_.Update();
    const Status changed = update.ChangeRows(std::move(changes));
    return changed ? lake_.Commit(std::move(update)) : changed.error();
  }

  LoadedTable MustChange(FileChanges changes) {
    auto tables = Change(std::move(changes));
    EXPECT_TRUE(tables) << tables.error().message;
    return tables ? std::move(tables->front()) : LoadedTable{};
  }

  std::vector<ManifestFile> Manifests(const LoadedTable& table) {
    return *ReadManifestList(lake_.store,
                             table.metadata.current_snapshot()->manifest_list);
  }

  /// `status path sequence`, in the order of the manifest.
  std::vector<std::string> Entries(const LoadedTable& table,
                                   const ManifestFile& manifest) {
    const auto entries =
        ReadManifest(lake_.store, manifest, *table.metadata.FindSpec(manifest.spec_id),
                     table.metadata.schema());
    EXPECT_TRUE(entries) << entries.error().message;
    std::vector<std::string> shown;
    for (const ManifestEntry& entry : *entries) {
      const char* status = entry.status == EntryStatus::kAdded      ? "added "
                           : entry.status == EntryStatus::kExisting ? "existing "
                                                                    : "deleted ";
      const std::string& path = entry.file.file_path;
      shown.push_back(status + path.substr(path.rfind('/') + 1) + " " +
                      std::to_string(entry.data_sequence_number.value_or(-1)));
    }
    return shown;
  }

  static std::string Key(const LoadedTable& table, const std::string& key) {
    const Properties& summary = table.metadata.current_snapshot()->summary;
    const auto it = summary.find(key);
    return it == summary.end() ? "(none)" : it->second;
  }

  Lake lake_;
  TableDefinition definition_;
  DataFile a_;
  DataFile b_;
  DataFile c_;
};

TEST_F(PrepareTest, ATableCanBeCreatedWithoutASnapshot) {
  const LoadedTable table = lake_.MustCommit(lake_.Create(definition_));
  EXPECT_THAT(table.metadata_location,
              MatchesRegex("memory://lake/marts/orders/metadata/"
                           "00000-[0-9a-f-]{36}\\.metadata\\.json"));
  EXPECT_EQ(table.metadata.current_snapshot_id, std::nullopt);
  EXPECT_EQ(table.metadata.last_sequence_number, 0);
  EXPECT_THAT(table.metadata.metadata_log, IsEmpty());
  EXPECT_EQ(LoadTable(lake_.store, lake_.catalog, kOrders)->metadata, table.metadata);
}

TEST_F(PrepareTest, ATableOfVersion1ThatNeverHadAUuidGetsOne) {
  LoadedTable table = lake_.MustCommit(lake_.Create(definition_));
  table.metadata.table_uuid.clear();
  TableUpdate update(table, NewSnapshotId(lake_.uuids()));
  update.SetProperty("owner", "me");
  EXPECT_THAT(lake_.MustCommit(std::move(update)).metadata.table_uuid,
              MatchesRegex("[0-9a-f-]{36}"));
}

TEST_F(PrepareTest, ACreationWithDataIsOneCommit) {
  const LoadedTable table = Create({a_, c_});
  EXPECT_EQ(lake_.catalog.commits(), 1);
  EXPECT_THAT(lake_.Read(table).data_paths(), ElementsAre(a_.file_path, c_.file_path));
  EXPECT_EQ(table.metadata.last_sequence_number, 1);
}

TEST_F(PrepareTest, ASnapshotIsDescribedWhole) {
  const LoadedTable first = Create({a_});
  TableUpdate update = lake_.Update();
  const SnapshotId id = update.new_snapshot_id();
  ASSERT_TRUE(update.Append({b_}));
  update.SetSummary("calve.note", "x");
  const LoadedTable table = lake_.MustCommit(std::move(update));
  const TableMetadata& metadata = table.metadata;
  const Snapshot& snapshot = *metadata.current_snapshot();

  EXPECT_EQ(snapshot.snapshot_id, id);
  EXPECT_EQ(snapshot.parent_snapshot_id, first.metadata.current_snapshot_id);
  EXPECT_EQ(snapshot.sequence_number, 2);
  EXPECT_EQ(snapshot.timestamp_ms, 1'700'000'002'000);
  EXPECT_EQ(snapshot.schema_id, 0);
  EXPECT_EQ(snapshot.summary, (Properties{{"operation", "append"},
                                          {"added-data-files", "1"},
                                          {"added-records", "10"},
                                          {"added-files-size", "1000"},
                                          {"changed-partition-count", "1"},
                                          {"total-data-files", "2"},
                                          {"total-records", "20"},
                                          {"total-files-size", "2000"},
                                          {"total-delete-files", "0"},
                                          {"total-position-deletes", "0"},
                                          {"total-equality-deletes", "0"},
                                          {"calve.note", "x"}}));
  EXPECT_THAT(snapshot.manifest_list,
              MatchesRegex("memory://lake/marts/orders/metadata/snap-" +
                           std::to_string(id.value) + "-1-[0-9a-f-]{36}\\.avro"));
  EXPECT_EQ(metadata.last_sequence_number, 2);
  EXPECT_EQ(metadata.last_updated_ms, 1'700'000'002'000);
  ASSERT_THAT(metadata.refs, SizeIs(1));
  EXPECT_EQ(metadata.refs.at("main").snapshot_id, id);
  EXPECT_EQ(metadata.refs.at("main").type, "branch");
  EXPECT_EQ(metadata.snapshot_log,
            (std::vector<SnapshotLogEntry>{
                {1'700'000'001'000, *first.metadata.current_snapshot_id},
                {1'700'000'002'000, id}}));
  EXPECT_EQ(
      metadata.metadata_log,
      (std::vector<MetadataLogEntry>{{1'700'000'001'000, first.metadata_location}}));
  EXPECT_THAT(table.metadata_location, HasSubstr("/metadata/00001-"));
}

TEST_F(PrepareTest, AnAppendCarriesOldManifestsOverUnread) {
  const LoadedTable first = Create({a_});
  lake_.store.TakeReads();
  const LoadedTable second = Append({b_});
  const auto manifests = Manifests(second);
  ASSERT_THAT(manifests, SizeIs(2));
  EXPECT_THAT(manifests[0].manifest_path,
              MatchesRegex("memory://lake/marts/orders/metadata/"
                           "[0-9a-f-]{36}-m0\\.avro"));
  EXPECT_EQ(manifests[1], Manifests(first)[0]);
  EXPECT_FALSE(lake_.store.TakeReads().contains(manifests[1].manifest_path));
  EXPECT_THAT(Entries(second, manifests[0]), ElementsAre("added b 2"));
  EXPECT_THAT(Entries(second, manifests[1]), ElementsAre("added a 1"));
}

TEST_F(PrepareTest, DeletesGoIntoAManifestOfTheirOwn) {
  Create({a_, c_});
  const LoadedTable table = MustChange(
      {.added_deletes = {lake_.Deletes("d", a_)}, .referenced_data = {a_.file_path}});
  const auto manifests = Manifests(table);
  ASSERT_THAT(manifests, SizeIs(2));
  EXPECT_EQ(manifests[1].content, ManifestContent::kDeletes);
  EXPECT_THAT(Entries(table, manifests[1]), ElementsAre("added d 2"));
  EXPECT_EQ(table.metadata.current_snapshot()->summary,
            (Properties{{"operation", "delete"},
                        {"added-delete-files", "1"},
                        {"added-position-delete-files", "1"},
                        {"added-position-deletes", "1"},
                        {"added-files-size", "100"},
                        {"changed-partition-count", "1"},
                        {"total-data-files", "2"},
                        {"total-records", "20"},
                        {"total-files-size", "2100"},
                        {"total-delete-files", "1"},
                        {"total-position-deletes", "1"},
                        {"total-equality-deletes", "0"}}));
}

TEST_F(PrepareTest, ReplacingADeleteFileCountsBoth) {
  Create({a_, c_});
  const DataFile old_deletes = lake_.Deletes("d1", a_);
  MustChange({.added_deletes = {old_deletes}, .referenced_data = {a_.file_path}});
  DataFile new_deletes = lake_.Deletes("d2", a_);
  new_deletes.record_count = 3;
  const LoadedTable table = MustChange({.added_data = {b_},
                                        .added_deletes = {new_deletes},
                                        .removed_deletes = {old_deletes.file_path},
                                        .referenced_data = {a_.file_path}});
  EXPECT_EQ(table.metadata.current_snapshot()->summary,
            (Properties{{"operation", "overwrite"},
                        {"added-data-files", "1"},
                        {"added-records", "10"},
                        {"added-delete-files", "1"},
                        {"added-position-delete-files", "1"},
                        {"added-position-deletes", "3"},
                        {"removed-delete-files", "1"},
                        {"removed-position-delete-files", "1"},
                        {"removed-position-deletes", "1"},
                        {"added-files-size", "1100"},
                        {"removed-files-size", "100"},
                        {"changed-partition-count", "1"},
                        {"total-data-files", "3"},
                        {"total-records", "30"},
                        {"total-files-size", "3100"},
                        {"total-delete-files", "1"},
                        {"total-position-deletes", "3"},
                        {"total-equality-deletes", "0"}}));
  EXPECT_THAT(lake_.Read(table).deletes, SizeIs(1));
}

TEST_F(PrepareTest, RemovalRewritesOnlyTheManifestsThatHoldTheFiles) {
  Create({a_, c_});
  Append({b_});
  const LoadedTable table = MustChange({.removed_data = {a_.file_path}});
  const auto manifests = Manifests(table);
  ASSERT_THAT(manifests, SizeIs(2));
  EXPECT_THAT(Entries(table, manifests[0]), ElementsAre("added b 2"));
  EXPECT_THAT(Entries(table, manifests[1]), ElementsAre("deleted a 1", "existing c 1"));
  EXPECT_EQ(manifests[1].sequence_number, 3);
  EXPECT_EQ(manifests[1].min_sequence_number, 1);
  EXPECT_EQ(Key(table, "operation") + Key(table, "deleted-data-files") +
                Key(table, "deleted-records") + Key(table, "total-records"),
            "delete11020");
}

TEST_F(PrepareTest, RemovalsOfOlderSnapshotsAreForgotten) {
  Create({a_, b_, c_});
  MustChange({.removed_data = {a_.file_path}});
  const LoadedTable second = MustChange({.removed_data = {b_.file_path}});
  EXPECT_THAT(Entries(second, Manifests(second)[0]),
              ElementsAre("deleted b 1", "existing c 1"));
  MustChange({.removed_data = {c_.file_path}});
  const LoadedTable last = Append({lake_.Data("e")});
  EXPECT_THAT(Manifests(last), SizeIs(1)) << "an empty manifest was carried on";
}

TEST_F(PrepareTest, ARemovedOrReferencedFileMustBeLive) {
  Create({a_});
  MustChange({.removed_data = {a_.file_path}});
  const auto objects = lake_.store.Locations();
  const auto conflict = FailsWith(ErrorKind::kConflict);
  EXPECT_THAT(Change({.removed_data = {a_.file_path}}), conflict);
  EXPECT_THAT(Change({.removed_deletes = {"memory://lake/data/d"}}), conflict);
  EXPECT_THAT(Change({.added_deletes = {lake_.Deletes("d", a_)},
                      .referenced_data = {a_.file_path}}),
              conflict);
  EXPECT_EQ(lake_.store.Locations(), objects) << "something was left behind";
}

TEST_F(PrepareTest, OnlyLikelyManifestsAreReadForAReferencedFile) {
  Create({lake_.Data("day0", 0)});
  for (int day = 1; day < 20; ++day) {
    Append({lake_.Data("day" + std::to_string(day), day)});
  }
  const LoadedTable before = *LoadTable(lake_.store, lake_.catalog, kOrders);
  const DataFile old = lake_.Data("day7", 7);
  lake_.store.TakeReads();
  MustChange(
      {.added_deletes = {lake_.Deletes("d", old)}, .referenced_data = {old.file_path}});
  const auto reads = lake_.store.TakeReads();
  int manifests_read = 0;
  for (const ManifestFile& manifest : Manifests(before)) {
    manifests_read += reads.contains(manifest.manifest_path) ? 1 : 0;
  }
  EXPECT_EQ(manifests_read, 1);
}

TEST_F(PrepareTest, AFileInAnotherPartitionThanHintedIsFoundAllTheSame) {
  Create({lake_.Data("x", 1), lake_.Data("y", 2)});
  DataFile deletes = lake_.Deletes("d", lake_.Data("x", 1));
  deletes.partition = {Literal(int32_t{99})};
  EXPECT_TRUE(Change(
      {.added_deletes = {deletes}, .referenced_data = {lake_.Data("x").file_path}}));
}

TEST_F(PrepareTest, FilesOfAnOlderSpecGoIntoAManifestOfThatSpec) {
  LoadedTable table = Create({a_});
  // Another engine evolves the spec: the table becomes unpartitioned.
  table.metadata.partition_specs.push_back({.spec_id = 1, .fields = {}});
  table.metadata.default_spec_id = 1;
  TableUpdate update(table, NewSnapshotId(lake_.uuids()));
  DataFile plain = lake_.Data("plain");
  plain.spec_id = 1;
  plain.partition.clear();
  ASSERT_TRUE(update.Append({b_, plain}));
  const LoadedTable after = lake_.MustCommit(std::move(update));
  const auto manifests = Manifests(after);
  ASSERT_THAT(manifests, SizeIs(3));
  EXPECT_EQ(manifests[0].spec_id, 0);
  EXPECT_THAT(Entries(after, manifests[0]), ElementsAre("added b 2"));
  EXPECT_EQ(manifests[2].spec_id, 1);
  EXPECT_THAT(Entries(after, manifests[2]), ElementsAre("added plain 2"));
  EXPECT_EQ(Key(after, "changed-partition-count"), "2");
}

TEST_F(PrepareTest, ManifestsMergeOnceThereAreTooManyOfOneContent) {
  definition_.properties = {{"commit.manifest.min-count-to-merge", "3"}};
  Create({a_});
  const DataFile deletes = lake_.Deletes("d", a_);
  MustChange({.added_deletes = {deletes}, .referenced_data = {a_.file_path}});
  Append({b_});
  EXPECT_THAT(Manifests(Append({c_})), SizeIs(4));
  const LoadedTable merged = Append({lake_.Data("e")});
  const auto manifests = Manifests(merged);
  ASSERT_THAT(manifests, SizeIs(2));
  EXPECT_THAT(Entries(merged, manifests[0]),
              ElementsAre("added e 5", "existing c 4", "existing b 3", "existing a 1"));
  EXPECT_EQ(manifests[0].min_sequence_number, 1);
  EXPECT_THAT(Entries(merged, manifests[1]), ElementsAre("added d 2"));
}

TEST_F(PrepareTest, MergedManifestsStayBelowTheTargetSize) {
  definition_.properties = {{"commit.manifest.min-count-to-merge", "1"},
                            {"commit.manifest.target-size-bytes", "1"}};
  Create({a_});
  EXPECT_THAT(Manifests(Append({b_})), SizeIs(2));
}

TEST_F(PrepareTest, MergingCanBeSwitchedOff) {
  definition_.properties = {{"commit.manifest.min-count-to-merge", "1"},
                            {"commit.manifest-merge.enabled", "false"}};
  Create({a_});
  Append({b_});
  EXPECT_THAT(Manifests(Append({c_})), SizeIs(3));
}

TEST_F(PrepareTest, AReplaceKeepsTheTotals) {
  Create({a_, b_});
  TableUpdate update = lake_.Update();
  DataFile both = lake_.Data("ab", 1);
  both.record_count = 20;
  both.file_size_bytes = 2000;
  ASSERT_TRUE(update.ReplaceFiles(
      {.added_data = {both}, .removed_data = {a_.file_path, b_.file_path}}));
  const LoadedTable table = lake_.MustCommit(std::move(update));
  EXPECT_EQ(Key(table, "operation") + " " + Key(table, "total-records") + " " +
                Key(table, "total-data-files") + " " + Key(table, "total-files-size"),
            "replace 20 1 2000");
  EXPECT_THAT(lake_.Read(table).data_paths(), ElementsAre(both.file_path));
}

TEST_F(PrepareTest, ASummaryAloneMakesASnapshotWithTheSameFiles) {
  const LoadedTable before = Create({a_});
  TableUpdate update = lake_.Update();
  EXPECT_TRUE(update.empty());
  update.SetSummary("calve.applied", "7");
  const LoadedTable table = lake_.MustCommit(std::move(update));
  EXPECT_EQ(Manifests(table), Manifests(before));
  EXPECT_EQ(Key(table, "operation") + " " + Key(table, "calve.applied") + " " +
                Key(table, "total-records") + " " + Key(table, "changed-partition-count"),
            "append 7 10 0");
}

TEST_F(PrepareTest, TotalsThatTheParentLacksAreLeftOut) {
  LoadedTable table = Create({a_});
  table.metadata.snapshots[0].summary.erase("total-records");
  table.metadata.snapshots[0].summary["total-data-files"] = "garbage";
  TableUpdate update(table, NewSnapshotId(lake_.uuids()));
  ASSERT_TRUE(update.Append({b_}));
  const LoadedTable after = lake_.MustCommit(std::move(update));
  EXPECT_EQ(Key(after, "total-records") + Key(after, "total-data-files") +
                Key(after, "total-files-size"),
            "(none)(none)2000");
}

TEST_F(PrepareTest, RollbackMakesAnOlderSnapshotCurrentAndFilesGoOnTop) {
  const LoadedTable first = Create({a_});
  Append({b_});
  TableUpdate update = lake_.Update();
  ASSERT_TRUE(update.Rollback(*first.metadata.current_snapshot_id));
  const LoadedTable back = lake_.MustCommit(std::move(update));
  EXPECT_THAT(lake_.Read(back).data_paths(), ElementsAre(a_.file_path));
  EXPECT_EQ(back.metadata.refs.at("main").snapshot_id,
            *first.metadata.current_snapshot_id);
  EXPECT_EQ(back.metadata.snapshot_log.back(),
            (SnapshotLogEntry{1'700'000'003'000, *first.metadata.current_snapshot_id}));
  const LoadedTable after = Append({c_});
  EXPECT_THAT(lake_.Read(after).data_paths(), ElementsAre(a_.file_path, c_.file_path));
  EXPECT_EQ(after.metadata.current_snapshot()->parent_snapshot_id,
            first.metadata.current_snapshot_id);
  EXPECT_EQ(after.metadata.current_snapshot()->sequence_number, 3);
  EXPECT_EQ(Key(after, "total-records"), "20");
}

TEST_F(PrepareTest, TimeNeverStepsBack) {
  const LoadedTable first = Create({a_});
  lake_.clock.AdvanceMs(-3'600'000);
  const LoadedTable second = Append({b_});
  EXPECT_EQ(second.metadata.last_updated_ms, first.metadata.last_updated_ms + 1);
  const auto as_of = [&](int64_t ms) {
    return second.metadata.SnapshotAsOf({ms * 1000})->snapshot_id;
  };
  EXPECT_EQ(as_of(first.metadata.last_updated_ms), first.metadata.current_snapshot_id);
  EXPECT_EQ(as_of(second.metadata.last_updated_ms), second.metadata.current_snapshot_id);
}

TEST_F(PrepareTest, TheMetadataLogIsTrimmedAtItsOldEnd) {
  definition_.properties = {{"write.metadata.previous-versions-max", "2"}};
  Create({a_});
  const LoadedTable second = Append({b_});
  const LoadedTable third = Append({c_});
  const LoadedTable fourth = Append({lake_.Data("e")});
  EXPECT_EQ(fourth.metadata.metadata_log,
            (std::vector<MetadataLogEntry>{
                {second.metadata.last_updated_ms, second.metadata_location},
                {third.metadata.last_updated_ms, third.metadata_location}}));
}

TEST_F(PrepareTest, MetadataGoesWhereTheTableSays) {
  definition_.properties = {{"write.metadata.path", "memory://meta/orders/"}};
  const LoadedTable table = Create({a_});
  EXPECT_THAT(table.metadata_location, HasSubstr("memory://meta/orders/00000-"));
  for (const std::string& location : lake_.store.Locations()) {
    EXPECT_THAT(location, ::testing::StartsWith("memory://meta/orders/"));
  }
}

TEST_F(PrepareTest, AStoreThatFailsLeavesNothingBehind) {
  Create({a_});
  const auto objects = lake_.store.Locations();
  for (int writes = 0; writes < 3; ++writes) {
    TableUpdate update = lake_.Update();
    ASSERT_TRUE(update.Append({b_}));
    lake_.store.FailAfterWrites(writes);
    EXPECT_THAT(lake_.Commit(std::move(update)), FailsWith(ErrorKind::kUnavailable));
    lake_.store.Heal();
    EXPECT_EQ(lake_.store.Locations(), objects) << writes;
  }
}

TEST_F(PrepareTest, SnapshotsOfVersionThreeAreUnsupported) {
  LoadedTable table = Create({a_});
  table.metadata.format_version = 3;
  TableUpdate update(table, NewSnapshotId(lake_.uuids()));
  ASSERT_TRUE(update.Append({b_}));
  EXPECT_THAT(lake_.Commit(std::move(update)), FailsWith(ErrorKind::kUnsupported));
}

TEST_F(PrepareTest, ATakenSnapshotIdIsInvalid) {
  const LoadedTable table = Create({a_});
  TableUpdate update(table, *table.metadata.current_snapshot_id);
  ASSERT_TRUE(update.Append({b_}));
  EXPECT_THAT(lake_.Commit(std::move(update)), FailsWith(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace calve::table
