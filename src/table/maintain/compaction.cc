#include "table/maintain/compaction.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <fmt/format.h>

namespace calve::table {
namespace {

constexpr int32_t kFormatVersion = 2;
/// Bounds the work on a table that others change all the time; tiers are merged in far
/// fewer.
constexpr int kMaxPasses = 64;
constexpr int kMaxCommitAttempts = 20;

/// A group and the files that take its place.
struct Rewritten {
  CompactionGroup group;
  std::vector<DataFile> files;
};

std::set<std::string> PathsOf(const std::vector<DataFile>& files) {
  std::set<std::string> paths;
  for (const DataFile& file : files) {
    paths.insert(file.file_path);
  }
  return paths;
}

/// Delete files that point at the task's data file alone.
std::vector<std::string> OwnDeletes(const ScanTask& task) {
  std::vector<std::string> own;
  for (const DataFile& file : task.deletes) {
    if (ReferencedDataFile(file) == task.file.file_path) {
      own.push_back(file.file_path);
    }
  }
  return own;
}

FileChanges ChangesOf(const std::vector<Rewritten>& groups) {
  FileChanges changes;
  for (const Rewritten& rewritten : groups) {
    for (const ScanTask& task : rewritten.group) {
      changes.removed_data.push_back(task.file.file_path);
      for (std::string& path : OwnDeletes(task)) {
        changes.removed_deletes.push_back(std::move(path));
      }
    }
    changes.added_data.insert(changes.added_data.end(), rewritten.files.begin(),
                              rewritten.files.end());
  }
  return changes;
}

void Count(const CompactionGroup& group, CompactionReport& report) {
  for (const ScanTask& task : group) {
    ++report.removed_data_files;
    report.removed_delete_files += std::ssize(OwnDeletes(task));
    report.rewritten_bytes += task.file.file_size_bytes;
  }
}

Result<std::vector<ScanTask>> PlanAll(io::ObjectStore& store,
                                      const TableMetadata& metadata) {
  const Snapshot* snapshot = metadata.current_snapshot();
  if (snapshot == nullptr) {
    return std::vector<ScanTask>();
  }
  return PlanScan(store, metadata, *snapshot, /*filters=*/{});
}

class Compactor {
 public:
  Compactor(const CommitContext& context, LoadedTable table,
            const CompactionRequest& request)
      : context_(context), table_(std::move(table)), request_(request) {}

  Result<CompactionReport> Run() {
    for (int pass = 0; pass < kMaxPasses; ++pass) {
      CALVE_ASSIGN(const auto tasks, PlanAll(*context_.store, table_.metadata));
      const auto groups = PlanCompaction(tasks, request_.policy);
      if (groups.empty()) {
        break;
      }
      if (table_.metadata.format_version != kFormatVersion) {
        return Error{ErrorKind::kUnsupported,
                     fmt::format("table {}: only tables of format version 2 can be "
                                 "compacted",
                                 table_.name.text())};
      }
      CALVE_TRY(RunPass(groups));
    }
    return report_;
  }

 private:
  /// Rewrites the groups, and commits whenever enough has gathered.
  Status RunPass(const std::vector<CompactionGroup>& groups) {
    std::vector<Rewritten> ready;
    int64_t bytes = 0;
    for (const CompactionGroup& group : groups) {
      auto files = Rewrite(group);
      if (!files) {
        Discard(ready);
        return files.error();
      }
      ready.push_back({group, *std::move(files)});
      for (const ScanTask& task : group) {
        bytes += task.file.file_size_bytes;
      }
      if (bytes >= request_.policy.group_bytes) {
        CALVE_TRY(Commit(std::exchange(ready, {})));
        bytes = 0;
      }
    }
    return ready.empty() ? Status() : Commit(std::move(ready));
  }

  Result<std::vector<DataFile>> Rewrite(const CompactionGroup& group) {
    const int32_t spec_id = group.front().file.spec_id;
    const PartitionSpec* spec = table_.metadata.FindSpec(spec_id);
    if (spec == nullptr) {
      return Error{ErrorKind::kCorrupt, fmt::format("table {} has no partition spec {}",
                                                    table_.name.text(), spec_id)};
    }
    WriteOptions options = request_.write_options;
    options.target_file_bytes = request_.policy.target_file_bytes;
    CALVE_ASSIGN(const auto writer,
                 DataWriter::Make({.store = context_.store,
                                   .uuids = context_.uuids,
                                   .location = table_.metadata.location,
                                   .schema = table_.metadata.schema(),
                                   .spec = *spec},
                                  std::move(options)));
    int64_t expected_rows = 0;
    for (const ScanTask& task : group) {
      CALVE_TRY(request_.check ? request_.check() : Status());
      CALVE_ASSIGN(const int64_t rows, Copy(task, *writer));
      expected_rows += rows;
    }
    CALVE_ASSIGN(auto files, writer->Finish());
    int64_t written_rows = 0;
    for (const DataFile& file : files) {
      written_rows += file.record_count;
    }
    if (written_rows != expected_rows) {
      DeleteFiles(*context_.store, files);
      return Error{ErrorKind::kInternal,
                   fmt::format("compacting table {} would turn {} rows into {}",
                               table_.name.text(), expected_rows, written_rows)};
    }
    return files;
  }

  /// \return how many rows the file has by its manifest and its deletes
  Result<int64_t> Copy(const ScanTask& task, DataWriter& writer) {
    ReadOptions options;
    options.projection = table_.metadata.schema();
    CALVE_ASSIGN(const auto reader, ReadFile(*context_.store, task, std::move(options)));
    while (true) {
      CALVE_ASSIGN(const auto batch, reader->Next());
      if (batch == nullptr) {
        break;
      }
      CALVE_TRY(writer.Write(*batch));
    }
    CALVE_ASSIGN(
        const auto deleted,
        ReadDeletedPositions(*context_.store, task.file.file_path, task.deletes));
    return task.file.record_count - std::ssize(deleted);
  }

  /// Commits the groups, leaving out those that others changed meanwhile.
  Status Commit(std::vector<Rewritten> groups) {
    for (int attempt = 1; !groups.empty(); ++attempt) {
      TableUpdate update(table_, NewSnapshotId(*context_.uuids));
      CALVE_TRY(update.ReplaceFiles(ChangesOf(groups)));
      if (request_.annotate) {
        request_.annotate(update);
      }
      std::vector<TableUpdate> updates;
      updates.push_back(std::move(update));
      auto committed = CommitUpdates(context_, std::move(updates));
      if (committed) {
        table_ = std::move(committed->front());
        ++report_.commits;
        for (const Rewritten& rewritten : groups) {
          Count(rewritten.group, report_);
          report_.added_data_files += std::ssize(rewritten.files);
        }
        return {};
      }
      if (committed.error().kind != ErrorKind::kConflict) {
        return committed.error();
      }
      if (attempt == kMaxCommitAttempts) {
        Discard(groups);
        return committed.error();
      }
      if (const Status looked = LookAgain(groups); !looked) {
        Discard(groups);
        return looked;
      }
    }
    return {};
  }

  /// Loads the table as it is now and gives up the groups that it has no more as they
  /// were.
  Status LookAgain(std::vector<Rewritten>& groups) {
    const TableMetadata before = table_.metadata;
    CALVE_ASSIGN(table_, LoadTable(*context_.store, *context_.catalog, table_.name));
    CALVE_ASSIGN(const auto tasks, PlanAll(*context_.store, table_.metadata));
    std::map<std::string, const ScanTask*> live;
    for (const ScanTask& task : tasks) {
      live.emplace(task.file.file_path, &task);
    }
    const bool same_table = before.table_uuid == table_.metadata.table_uuid &&
                            before.current_schema_id == table_.metadata.current_schema_id;
    const auto is_lost = [&](const Rewritten& rewritten) {
      return !same_table ||
             !std::ranges::all_of(rewritten.group, [&](const ScanTask& task) {
               const auto it = live.find(task.file.file_path);
               return it != live.end() &&
                      PathsOf(it->second->deletes) == PathsOf(task.deletes);
             });
    };
    const auto lost = std::stable_partition(groups.begin(), groups.end(),
                                            [&](const auto& it) { return !is_lost(it); });
    report_.lost_groups += groups.end() - lost;
    Discard({lost, groups.end()});
    groups.erase(lost, groups.end());
    return {};
  }

  void Discard(const std::vector<Rewritten>& groups) {
    for (const Rewritten& rewritten : groups) {
      DeleteFiles(*context_.store, rewritten.files);
    }
  }

  const CommitContext& context_;  // Outlives this object.
  LoadedTable table_;
  const CompactionRequest& request_;  // Outlives this object.
  CompactionReport report_;
};

}  // namespace

CompactionReport& CompactionReport::operator+=(const CompactionReport& other) {
  commits += other.commits;
  removed_data_files += other.removed_data_files;
  removed_delete_files += other.removed_delete_files;
  added_data_files += other.added_data_files;
  rewritten_bytes += other.rewritten_bytes;
  lost_groups += other.lost_groups;
  return *this;
}

Result<CompactionReport> DescribeCompaction(io::ObjectStore& store,
                                            const LoadedTable& table,
                                            const CompactionPolicy& policy) {
  CALVE_ASSIGN(const auto tasks, PlanAll(store, table.metadata));
  CompactionReport report;
  for (const CompactionGroup& group : PlanCompaction(tasks, policy)) {
    Count(group, report);
  }
  return report;
}

Result<CompactionReport> Compact(const CommitContext& context, LoadedTable table,
                                 const CompactionRequest& request) {
  return Compactor(context, std::move(table), request).Run();
}

}  // namespace calve::table
