#pragma once

/// \file tests/table/commit/commit_fixture.h
/// A lake in memory: store, catalog, clock and chance; files that exist by name only.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fails_with.h"
#include "support/manual_clock.h"
#include "support/memory_catalog.h"
#include "support/memory_store.h"
#include "table/commit/table_update.h"

namespace calve::table::testing {

inline const TableName kOrders{"marts", "orders"};
inline const TableName kHistory{"marts", "history"};

inline Field Column(int32_t id, const std::string& name, TypeId type,
                    bool required = false) {
  Field field;
  field.id = {id};
  field.name = name;
  field.type.id = type;
  field.required = required;
  return field;
}

/// `id long required, day date, note string`, partitioned by `day`.
inline TableDefinition OrdersDefinition(const TableName& name = kOrders) {
  TableDefinition definition;
  definition.name = name;
  definition.schema.fields = {Column(1, "id", TypeId::kLong, /*required=*/true),
                              Column(2, "day", TypeId::kDate),
                              Column(3, "note", TypeId::kString)};
  definition.spec.fields = {
      {.source_id = {2},
       .field_id = {0},
       .name = "day",
       .transform = {.kind = TransformKind::kIdentity, .parameter = 0}}};
  return definition;
}

/// The live files of a snapshot, as its manifests say, all of them read.
struct Contents {
  std::map<std::string, DataFile> data;
  std::map<std::string, DataFile> deletes;
  size_t manifests = 0;

  std::vector<std::string> data_paths() const {
    std::vector<std::string> paths;
    for (const auto& [path, file] : data) {
      paths.push_back(path);
    }
    return paths;
  }
};

class Lake {
 public:
  explicit Lake(uint64_t seed = 7) : uuids_(seed) {}

  CommitContext context() {
    return {.store = &store, .catalog = &catalog, .clock = &clock, .uuids = &uuids_};
  }

  TableUpdate Update(const TableName& name = kOrders) {
    auto table = LoadTable(store, catalog, name);
    EXPECT_TRUE(table) << table.error().message;
    return {*std::move(table), NewSnapshotId(uuids_)};
  }

  TableUpdate Create(const TableDefinition& definition) {
    auto table = DefineTable(context(), definition);
    EXPECT_TRUE(table) << table.error().message;
    return {*std::move(table), NewSnapshotId(uuids_)};
  }

  Result<std::vector<LoadedTable>> Commit(TableUpdate update) {
    std::vector<TableUpdate> updates;
    updates.push_back(std::move(update));
    clock.AdvanceMs(1000);
    return CommitUpdates(context(), std::move(updates));
  }

  LoadedTable MustCommit(TableUpdate update) {
    auto tables = Commit(std::move(update));
    EXPECT_TRUE(tables) << tables.error().message;
    return tables ? std::move(tables->front()) : LoadedTable{};
  }

  /// A data file of ten rows and 1000 bytes in a partition.
  DataFile Data(const std::string& name, int32_t day = 0) const {
    DataFile file;
    file.file_path = "memory://lake/data/" + name;
    file.partition = {Literal(day)};
    file.record_count = 10;
    file.file_size_bytes = 1000;
    return file;
  }

  /// A delete file of one position and 100 bytes that points at a data file.
  DataFile Deletes(const std::string& name, const DataFile& of) const {
    DataFile file = of;
    file.content = FileContent::kPositionDeletes;
    file.file_path = "memory://lake/data/" + name;
    file.record_count = 1;
    file.file_size_bytes = 100;
    file.referenced_data_file = of.file_path;
    return file;
  }

  Contents Read(const TableMetadata& metadata, const Snapshot& snapshot) {
    Contents contents;
    const auto manifests = ReadManifestList(store, snapshot.manifest_list);
    EXPECT_TRUE(manifests) << manifests.error().message;
    for (const ManifestFile& manifest : *manifests) {
      ++contents.manifests;
      const auto entries = ReadManifest(
          store, manifest, *metadata.FindSpec(manifest.spec_id), metadata.schema());
      EXPECT_TRUE(entries) << entries.error().message;
      for (const ManifestEntry& entry : *entries) {
        if (entry.status != EntryStatus::kDeleted) {
          auto& into =
              entry.file.content == FileContent::kData ? contents.data : contents.deletes;
          EXPECT_TRUE(into.emplace(entry.file.file_path, entry.file).second)
              << "live twice: " << entry.file.file_path;
        }
      }
    }
    return contents;
  }

  Contents Read(const LoadedTable& table) {
    const Snapshot* snapshot = table.metadata.current_snapshot();
    return snapshot == nullptr ? Contents{} : Read(table.metadata, *snapshot);
  }

  io::testing::MemoryStore store;
  MemoryCatalog catalog{"memory://lake"};
  calve::testing::ManualClock clock{1'700'000'000'000};
  UuidSource& uuids() { return uuids_; }

 private:
  calve::testing::SeededUuids uuids_;
};

}  // namespace calve::table::testing
