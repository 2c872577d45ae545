#include "table/maintain/compaction_plan.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace calve::table {
namespace {

constexpr int64_t kSmallestTierBytes = 16LL * 1024;
constexpr int64_t kTierFactor = 4;

/// A data file with what its deletes leave of it.
struct Candidate {
  size_t task = 0;  // its index
  int64_t live_bytes = 0;
  bool worn = false;
  bool chosen = false;
};

using Partition = std::vector<Candidate>;

int TierOf(int64_t bytes) {
  int tier = 0;
  for (int64_t limit = kSmallestTierBytes; bytes > limit; limit *= kTierFactor) {
    ++tier;
  }
  return tier;
}

/// How many data files each delete file applies to, by path.
std::unordered_map<std::string, int64_t> CountTargets(
    const std::vector<ScanTask>& tasks) {
  std::unordered_map<std::string, int64_t> targets;
  for (const ScanTask& task : tasks) {
    for (const DataFile& file : task.deletes) {
      ++targets[file.file_path];
    }
  }
  return targets;
}

/// Rows deleted of a file. A delete file that applies to several data files is taken to
/// be spread evenly: which rows it names is known only to those who read it.
int64_t DeletedRows(const ScanTask& task,
                    const std::unordered_map<std::string, int64_t>& targets) {
  int64_t deleted = 0;
  for (const DataFile& file : task.deletes) {
    deleted += file.record_count / targets.at(file.file_path);
  }
  return std::min(deleted, task.file.record_count);
}

class CompactionPlanner {
 public:
  CompactionPlanner(const std::vector<ScanTask>& tasks, const CompactionPolicy& policy)
      : tasks_(tasks), policy_(policy) {}

  std::vector<CompactionGroup> Plan() {
    for (auto& [key, partition] : Divide()) {
      PlanTiers(partition);
      PlanWorn(partition);
      if (IsPassedBy(key.first, partition)) {
        PlanRemains(partition);
      }
    }
    return std::move(groups_);
  }

 private:
  using Key = std::pair<int32_t, PartitionValues>;

  std::map<Key, Partition> Divide() {
    const auto targets = CountTargets(tasks_);
    std::map<Key, Partition> partitions;
    for (size_t i = 0; i < tasks_.size(); ++i) {
      const DataFile& file = tasks_[i].file;
      const int64_t rows = std::max<int64_t>(file.record_count, 1);
      const int64_t deleted = DeletedRows(tasks_[i], targets);
      partitions[{file.spec_id, file.partition}].push_back(
          {.task = i,
           .live_bytes = static_cast<int64_t>(static_cast<double>(file.file_size_bytes) *
                                              static_cast<double>(rows - deleted) /
                                              static_cast<double>(rows)),
           .worn = deleted * 100 > file.record_count * policy_.deleted_percent,
           .chosen = false});
      int64_t& newest = newest_[file.spec_id];
      newest = std::max(newest, tasks_[i].data_sequence_number);
    }
    return partitions;
  }

  bool IsSmall(const Candidate& candidate) const {
    return candidate.live_bytes < policy_.target_file_bytes / 4 * 3;
  }

  void PlanTiers(Partition& partition) {
    std::map<int, std::vector<Candidate*>> tiers;
    for (Candidate& candidate : partition) {
      if (IsSmall(candidate)) {
        tiers[TierOf(candidate.live_bytes)].push_back(&candidate);
      }
    }
    for (auto& [tier, members] : tiers) {
      if (std::ssize(members) >= policy_.files_per_merge) {
        AddGroups(members);
      }
    }
  }

  void PlanWorn(Partition& partition) {
    std::vector<Candidate*> worn;
    int64_t bytes = 0;
    for (Candidate& candidate : partition) {
      if (candidate.worn && !candidate.chosen) {
        worn.push_back(&candidate);
        bytes += tasks_[candidate.task].file.file_size_bytes;
      }
    }
    if (std::ssize(worn) >= policy_.worn_files || bytes >= policy_.worn_bytes) {
      AddGroups(worn);
    }
  }

  /// Whether other partitions of the spec have files newer than any of this one.
  bool IsPassedBy(int32_t spec_id, const Partition& partition) const {
    return std::ranges::all_of(partition, [&](const Candidate& candidate) {
      return tasks_[candidate.task].data_sequence_number < newest_.at(spec_id);
    });
  }

  void PlanRemains(Partition& partition) {
    std::vector<Candidate*> left;
    for (Candidate& candidate : partition) {
      if (IsSmall(candidate) && !candidate.chosen) {
        left.push_back(&candidate);
      }
    }
    std::ranges::stable_sort(left, {}, &Candidate::live_bytes);
    int64_t smaller_bytes = 0;
    size_t count = 0;
    while (count < left.size() &&
           (count == 0 || left[count]->live_bytes <= kTierFactor * smaller_bytes)) {
      smaller_bytes += std::max<int64_t>(left[count]->live_bytes, 1);
      ++count;
    }
    left.resize(count);
    if (std::ssize(left) >= policy_.files_per_merge) {
      std::ranges::sort(left, {}, &Candidate::task);
      AddGroups(left);
    }
  }

  /// Cuts the members into groups by bytes.
  void AddGroups(const std::vector<Candidate*>& members) {
    CompactionGroup group;
    int64_t bytes = 0;
    for (Candidate* member : members) {
      if (bytes >= policy_.group_bytes && group.size() > 1) {
        groups_.push_back(std::exchange(group, {}));
        bytes = 0;
      }
      member->chosen = true;
      group.push_back(tasks_[member->task]);
      bytes += member->live_bytes;
    }
    const bool useful = group.size() > 1 || (!group.empty() && members.back()->worn);
    if (useful) {
      groups_.push_back(std::move(group));
    }
  }

  const std::vector<ScanTask>& tasks_;           // Outlives this planner.
  const CompactionPolicy& policy_;               // Likewise.
  std::unordered_map<int32_t, int64_t> newest_;  // sequence number, by spec
  std::vector<CompactionGroup> groups_;
};

}  // namespace

std::vector<CompactionGroup> PlanCompaction(const std::vector<ScanTask>& tasks,
                                            const CompactionPolicy& policy) {
  return CompactionPlanner(tasks, policy).Plan();
}

}  // namespace calve::table
