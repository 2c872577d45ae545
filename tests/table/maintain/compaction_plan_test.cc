#include "table/maintain/compaction_plan.h"

#include <cmath>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace calve::table {
namespace {

constexpr int64_t kMiB = 1024 * 1024;

ScanTask Task(const std::string& path, int64_t bytes, int64_t sequence, int32_t day = 0) {
  ScanTask task;
  task.file.file_path = path;
  task.file.file_size_bytes = bytes;
  task.file.record_count = 100;
  task.file.partition = {Literal(day)};
  task.data_sequence_number = sequence;
  return task;
}

ScanTask Worn(ScanTask task, int64_t deleted) {
  DataFile deletes;
  deletes.content = FileContent::kPositionDeletes;
  deletes.file_path = task.file.file_path + ".deletes";
  deletes.record_count = deleted;
  deletes.referenced_data_file = task.file.file_path;
  task.deletes.push_back(deletes);
  return task;
}

std::vector<std::vector<std::string>> Paths(const std::vector<CompactionGroup>& groups) {
  std::vector<std::vector<std::string>> paths;
  for (const CompactionGroup& group : groups) {
    paths.emplace_back();
    for (const ScanTask& task : group) {
      paths.back().push_back(task.file.file_path);
    }
  }
  return paths;
}

/// What merging the groups leaves.
std::vector<ScanTask> Merged(const std::vector<ScanTask>& tasks,
                             const std::vector<CompactionGroup>& groups, int64_t sequence,
                             int64_t& rewritten) {
  std::set<std::string> gone;
  std::vector<ScanTask> after;
  for (const CompactionGroup& group : groups) {
    int64_t bytes = 0;
    for (const ScanTask& task : group) {
      EXPECT_TRUE(gone.insert(task.file.file_path).second) << "in two groups";
      bytes += task.file.file_size_bytes;
    }
    rewritten += bytes;
    after.push_back(Task(fmt::format("merged-{}-{}", sequence, after.size()), bytes,
                         sequence, std::get<int32_t>(*group.front().file.partition[0])));
  }
  for (const ScanTask& task : tasks) {
    if (!gone.contains(task.file.file_path)) {
      after.push_back(task);
    }
  }
  return after;
}

TEST(PlanCompactionTest, FewFilesAreLeftAlone) {
  std::vector<ScanTask> tasks;
  for (int i = 0; i < 7; ++i) {
    tasks.push_back(Task(fmt::format("f{}", i), 1000, i));
  }
  EXPECT_TRUE(PlanCompaction(tasks, {}).empty());
}

TEST(PlanCompactionTest, EightFilesOfATierAreMergedAndLargeOnesAreNot) {
  std::vector<ScanTask> tasks{Task("large", 100 * kMiB, 1)};
  std::vector<std::string> small;
  for (int i = 0; i < 8; ++i) {
    small.push_back(fmt::format("f{}", i));
    tasks.push_back(Task(small.back(), 1000, 2 + i));
  }
  EXPECT_EQ(Paths(PlanCompaction(tasks, {})),
            std::vector<std::vector<std::string>>(1, small));
}

TEST(PlanCompactionTest, FilesOfDifferentPartitionsAreNeverMerged) {
  std::vector<ScanTask> tasks;
  for (int i = 0; i < 14; ++i) {
    tasks.push_back(Task(fmt::format("f{}", i), 1000, 1, i % 2));
  }
  EXPECT_TRUE(PlanCompaction(tasks, {}).empty());
}

TEST(PlanCompactionTest, AWornFileIsRewrittenAloneOnceItIsLargeEnough) {
  const auto worn = Worn(Task("worn", 100 * kMiB, 1), 31);
  const auto fresh = Worn(Task("fresh", 100 * kMiB, 1), 30);
  EXPECT_EQ(Paths(PlanCompaction({worn, fresh}, {})),
            (std::vector<std::vector<std::string>>{{"worn"}}));
  const auto crumb = Worn(Task("crumb", 10'000, 1), 90);
  EXPECT_TRUE(PlanCompaction({crumb}, {}).empty());
  CompactionPolicy thorough;
  thorough.worn_files = 1;
  EXPECT_EQ(PlanCompaction({crumb}, thorough).size(), 1U);
}

TEST(PlanCompactionTest, APartitionThatNewerFilesPassByEndsAsAFewFiles) {
  std::vector<ScanTask> tasks;
  for (int i = 0; i < 5; ++i) {
    tasks.push_back(Task(fmt::format("a{}", i), 10'000, 1, 0));
    tasks.push_back(Task(fmt::format("b{}", i), 100'000, 1, 0));
  }
  EXPECT_TRUE(PlanCompaction(tasks, {}).empty()) << "the partition is still being filled";
  tasks.push_back(Task("tomorrow", 10'000, 2, 1));
  const auto groups = PlanCompaction(tasks, {});
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups.front().size(), 10U);
}

TEST(PlanCompactionTest, NoFileIsRewrittenForTheSakeOfACrumb) {
  std::vector<ScanTask> tasks{Task("big", 50 * kMiB, 1, 0), Task("newer", 1, 9, 1)};
  for (int i = 0; i < 7; ++i) {
    tasks.push_back(Task(fmt::format("crumb{}", i), 1'000, 1, 0));
  }
  EXPECT_TRUE(PlanCompaction(tasks, {}).empty());
}

TEST(PlanCompactionLaw, FilesStayFewAndARowIsRewrittenLogarithmicallyOften) {
  EXPECT_TRUE(rc::check("one file after the other", [] {
    const int64_t bytes = *rc::gen::inRange<int64_t>(500, 200'000);
    const int count = *rc::gen::inRange(1, 600);
    std::vector<ScanTask> tasks;
    int64_t rewritten = 0;
    size_t most = 0;
    for (int i = 0; i < count; ++i) {
      tasks.push_back(Task(fmt::format("f{}", i), bytes, i));
      while (true) {
        const auto groups = PlanCompaction(tasks, {});
        if (groups.empty()) {
          break;
        }
        tasks = Merged(tasks, groups, i, rewritten);
      }
      most = std::max(most, tasks.size());
    }
    const double total = static_cast<double>(bytes) * count;
    const double tiers = std::log(total / 16'384.0 + 1) / std::log(4.0) + 2;
    RC_ASSERT(static_cast<double>(most) <= 7 * tiers + 1);
    RC_ASSERT(static_cast<double>(rewritten) <= total * tiers);
  }));
}

TEST(PlanCompactionLaw, GroupsAreDisjointAndOfOnePartitionAndPlanningEnds) {
  EXPECT_TRUE(rc::check("any files", [] {
    const int count = *rc::gen::inRange(0, 80);
    std::vector<ScanTask> tasks;
    for (int i = 0; i < count; ++i) {
      ScanTask task =
          Task(fmt::format("f{}", i), *rc::gen::inRange<int64_t>(1, 200 * kMiB),
               *rc::gen::inRange<int64_t>(1, 20), *rc::gen::inRange(0, 3));
      tasks.push_back(*rc::gen::inRange(0, 3) == 0
                          ? Worn(task, *rc::gen::inRange<int64_t>(0, 101))
                          : task);
    }
    int64_t rewritten = 0;
    int passes = 0;
    for (auto groups = PlanCompaction(tasks, {}); !groups.empty();
         groups = PlanCompaction(tasks, {})) {
      for (const CompactionGroup& group : groups) {
        for (const ScanTask& task : group) {
          RC_ASSERT(task.file.partition == group.front().file.partition);
        }
      }
      tasks = Merged(tasks, groups, 100 + passes, rewritten);
      RC_ASSERT(++passes <= 64);
    }
  }));
}

}  // namespace
}  // namespace calve::table
