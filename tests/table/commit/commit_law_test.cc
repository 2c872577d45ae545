/// \file commit_law_test.cc
/// Laws of commits: after any sequence of changes the summary's totals are those of the
/// manifests, no file is lost or doubled, and every snapshot reads as it was.

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "table/commit/commit_fixture.h"

namespace calve::table {
namespace {

using testing::Column;
using testing::Contents;
using testing::kOrders;
using testing::Lake;
using testing::OrdersDefinition;

/// What the table should hold: files by path.
struct Model {
  std::map<std::string, DataFile> data;
  std::map<std::string, DataFile> deletes;
};

int64_t Total(const Snapshot& snapshot, const std::string& key) {
  const auto it = snapshot.summary.find("total-" + key);
  return it == snapshot.summary.end() ? -1 : std::stoll(it->second);
}

int64_t RecordsOf(const std::map<std::string, DataFile>& files) {
  int64_t records = 0;
  for (const auto& [path, file] : files) {
    records += file.record_count;
  }
  return records;
}

int64_t BytesOf(const std::map<std::string, DataFile>& files) {
  int64_t bytes = 0;
  for (const auto& [path, file] : files) {
    bytes += file.file_size_bytes;
  }
  return bytes;
}

/// A table and its model, changed together at random.
class Trial {
 public:
  Trial() {
    TableDefinition definition = OrdersDefinition();
    definition.properties["commit.manifest.min-count-to-merge"] =
        std::to_string(*rc::gen::inRange(1, 6));
    definition.properties["commit.manifest.target-size-bytes"] =
        std::to_string(*rc::gen::element(1, 20'000, 8'388'608));
    lake_.MustCommit(lake_.Create(definition));
  }

  void Step() {
    TableUpdate update = lake_.Update();
    if (*rc::gen::inRange(0, 5) == 0) {
      RC_ASSERT(
          update.AddColumns({Column(0, Name("column"), TypeId::kString)}).has_value());
    }
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        RC_ASSERT(update.Append(NewData(*rc::gen::inRange(0, 4))).has_value());
        break;
      case 1:
        RC_ASSERT(update.ChangeRows(RowChange()).has_value());
        break;
      case 2:
        RC_ASSERT(update.ReplaceFiles(Compaction()).has_value());
        break;
      default:
        update.SetSummary("note", "x");
        break;
    }
    const LoadedTable table = lake_.MustCommit(std::move(update));
    history_[table.metadata.current_snapshot_id->value] = model_;
    CheckTotals(*table.metadata.current_snapshot());
  }

  void CheckHistory() {
    const LoadedTable table = *LoadTable(lake_.store, lake_.catalog, kOrders);
    RC_ASSERT(table.metadata.snapshots.size() == history_.size());
    for (const Snapshot& snapshot : table.metadata.snapshots) {
      const Contents contents = lake_.Read(table.metadata, snapshot);
      const Model& model = history_.at(snapshot.snapshot_id.value);
      RC_ASSERT(contents.data == model.data);
      RC_ASSERT(contents.deletes == model.deletes);
      const Snapshot* as_of = table.metadata.SnapshotAsOf({snapshot.timestamp_ms * 1000});
      RC_ASSERT(as_of == &snapshot);
    }
  }

 private:
  std::string Name(const std::string& kind) { return kind + std::to_string(++names_); }

  std::vector<DataFile> NewData(int count) {
    std::vector<DataFile> files;
    for (int i = 0; i < count; ++i) {
      files.push_back(lake_.Data(Name("data"), *rc::gen::inRange(0, 3)));
      files.back().record_count = *rc::gen::inRange(1, 100);
      model_.data[files.back().file_path] = files.back();
    }
    return files;
  }

  /// Replaces the deletes of some data files, removes one, adds some.
  FileChanges RowChange() {
    FileChanges changes;
    const auto live = model_.data;
    changes.added_data = NewData(*rc::gen::inRange(0, 3));
    for (const auto& [path, file] : live) {
      const int choice = *rc::gen::inRange(0, 6);
      if (choice == 0) {
        Remove(path, changes);
      } else if (choice == 1) {
        RemoveDeletesOf(path, changes);
        changes.added_deletes.push_back(lake_.Deletes(Name("deletes"), file));
        changes.referenced_data.push_back(path);
        model_.deletes[changes.added_deletes.back().file_path] =
            changes.added_deletes.back();
      }
    }
    return changes;
  }

  FileChanges Compaction() {
    FileChanges changes;
    const auto live = model_.data;
    for (const auto& [path, file] : live) {
      if (*rc::gen::inRange(0, 3) == 0) {
        Remove(path, changes);
      }
    }
    changes.added_data = NewData(1);
    return changes;
  }

  void Remove(const std::string& path, FileChanges& changes) {
    RemoveDeletesOf(path, changes);
    changes.removed_data.push_back(path);
    model_.data.erase(path);
  }

  void RemoveDeletesOf(const std::string& path, FileChanges& changes) {
    std::erase_if(model_.deletes, [&](const auto& entry) {
      const bool of = entry.second.referenced_data_file == path;
      if (of) {
        changes.removed_deletes.push_back(entry.first);
      }
      return of;
    });
  }

  void CheckTotals(const Snapshot& snapshot) const {
    RC_ASSERT(Total(snapshot, "data-files") == std::ssize(model_.data));
    RC_ASSERT(Total(snapshot, "records") == RecordsOf(model_.data));
    RC_ASSERT(Total(snapshot, "delete-files") == std::ssize(model_.deletes));
    RC_ASSERT(Total(snapshot, "position-deletes") == RecordsOf(model_.deletes));
    RC_ASSERT(Total(snapshot, "files-size") ==
              BytesOf(model_.data) + BytesOf(model_.deletes));
  }

  Lake lake_;
  Model model_;
  std::map<int64_t, Model> history_;
  int names_ = 0;
};

RC_GTEST_PROP(CommitLawTest, TotalsAndHistoryHoldAfterAnySequenceOfChanges, ()) {
  Trial trial;
  const int steps = *rc::gen::inRange(1, 10);
  for (int step = 0; step < steps; ++step) {
    trial.Step();
  }
  trial.CheckHistory();
}

}  // namespace
}  // namespace calve::table
