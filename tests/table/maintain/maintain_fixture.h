#pragma once

/// \file tests/table/maintain/maintain_fixture.h
/// A table in memory with real rows: `id long, day int`, partitioned by `day`.

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "table/commit/commit_fixture.h"
#include "table/data/data_writer.h"
#include "table/maintain/reachable_files.h"
#include "table/scan/scan.h"

namespace calve::table::testing {

template <typename T>
T Must(Result<T> result) {
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  return *std::move(result);
}

class MaintainedLake {
 public:
  explicit MaintainedLake(uint64_t seed = 7) : lake(seed) {
    TableDefinition definition;
    definition.name = kOrders;
    definition.schema.fields = {Column(1, "id", TypeId::kLong),
                                Column(2, "day", TypeId::kInt)};
    definition.spec.fields = {
        {.source_id = {2},
         .field_id = {0},
         .name = "day",
         .transform = {.kind = TransformKind::kIdentity, .parameter = 0}}};
    lake.MustCommit(lake.Create(definition));
  }

  LoadedTable Load() { return Must(LoadTable(lake.store, lake.catalog, kOrders)); }

  /// One data file with the ids from `from` up to, not with, `to`.
  std::vector<DataFile> Write(int64_t from, int64_t to, int32_t day) {
    const auto table = Load();
    const auto writer = Must(DataWriter::Make(Target(table), WriteOptions()));
    arrow::Int64Builder ids;
    arrow::Int32Builder days;
    for (int64_t id = from; id < to; ++id) {
      EXPECT_TRUE(ids.Append(id).ok());
      EXPECT_TRUE(days.Append(day).ok());
    }
    const auto schema = arrow::schema(
        {arrow::field("id", arrow::int64()), arrow::field("day", arrow::int32())});
    const auto batch = arrow::RecordBatch::Make(
        schema, to - from,
        arrow::ArrayVector{ids.Finish().ValueOrDie(), days.Finish().ValueOrDie()});
    EXPECT_TRUE(writer->Write(*batch).has_value());
    return Must(writer->Finish());
  }

  void Append(int64_t from, int64_t to, int32_t day = 0) {
    TableUpdate update = lake.Update();
    EXPECT_TRUE(update.Append(Write(from, to, day)).has_value());
    lake.MustCommit(std::move(update));
  }

  std::vector<ScanTask> Tasks() {
    const auto table = Load();
    const Snapshot* snapshot = table.metadata.current_snapshot();
    return snapshot == nullptr
               ? std::vector<ScanTask>()
               : Must(PlanScan(lake.store, table.metadata, *snapshot, {}));
  }

  /// Deletes positions of a live file; the file's own delete file is replaced.
  void DeleteRows(const ScanTask& task, std::vector<int64_t> positions) {
    FileChanges changes;
    const auto earlier =
        Must(ReadDeletedPositions(lake.store, task.file.file_path, task.deletes));
    positions.insert(positions.end(), earlier.begin(), earlier.end());
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    for (const DataFile& file : task.deletes) {
      if (ReferencedDataFile(file) == task.file.file_path) {
        changes.removed_deletes.push_back(file.file_path);
      }
    }
    changes.referenced_data.push_back(task.file.file_path);
    changes.added_deletes.push_back(
        Must(WritePositionDeletes(Target(Load()), task.file, positions)));
    TableUpdate update = lake.Update();
    EXPECT_TRUE(update.ChangeRows(std::move(changes)).has_value());
    lake.MustCommit(std::move(update));
  }

  /// Deletes positions as another writer would: the delete file does not say that it
  /// names one data file only.
  DataFile DeleteForeign(const ScanTask& task, const std::vector<int64_t>& positions) {
    DataFile file = Must(WritePositionDeletes(Target(Load()), task.file, positions));
    file.referenced_data_file.reset();
    file.lower_bounds.clear();
    file.upper_bounds.clear();
    FileChanges changes;
    changes.added_deletes.push_back(file);
    TableUpdate update = lake.Update();
    EXPECT_TRUE(update.ChangeRows(std::move(changes)).has_value());
    lake.MustCommit(std::move(update));
    return file;
  }

  std::vector<int64_t> Ids(const Snapshot& snapshot) {
    const auto table = Load();
    ReadOptions options;
    options.projection = table.metadata.schema();
    const auto reader = ReadTasks(
        lake.store, Must(PlanScan(lake.store, table.metadata, snapshot, {})), options);
    std::vector<int64_t> ids;
    while (const auto batch = Must(reader->Next())) {
      const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
      for (int64_t i = 0; i < column.length(); ++i) {
        ids.push_back(column.Value(i));
      }
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  std::vector<int64_t> Ids() {
    const auto table = Load();
    const Snapshot* snapshot = table.metadata.current_snapshot();
    return snapshot == nullptr ? std::vector<int64_t>() : Ids(*snapshot);
  }

  std::map<int64_t, std::vector<int64_t>> IdsBySnapshot() {
    std::map<int64_t, std::vector<int64_t>> ids;
    for (const Snapshot& snapshot : Load().metadata.snapshots) {
      ids[snapshot.snapshot_id.value] = Ids(snapshot);
    }
    return ids;
  }

  std::set<std::string> Reachable() {
    const auto table = Load();
    return Must(ReachableFiles(lake.store, table.metadata, table.metadata_location));
  }

  std::set<std::string> Stored() const {
    const auto locations = lake.store.Locations();
    return {locations.begin(), locations.end()};
  }

  WriteTarget Target(const LoadedTable& table) {
    return {.store = &lake.store,
            .uuids = &lake.uuids(),
            .location = table.metadata.location,
            .schema = table.metadata.schema(),
            .spec = table.metadata.partition_spec()};
  }

  Lake lake;
};

}  // namespace calve::table::testing
