#include "flow/vanished.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "flow/mart_rows.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using table::LoadedTable;
using Ids = std::vector<int64_t>;
using Tasks = std::vector<table::ScanTask>;

constexpr int64_t kIdsAtOnce = 8 << 20;
constexpr size_t kNamed = 5;

/// Files of one table, to read ids from.
struct Files {
  const LoadedTable* table;
  Tasks tasks;
};

/// A file with what is deleted of it.
std::set<std::string> Identity(const table::ScanTask& task) {
  std::set<std::string> paths{task.file.file_path};
  for (const table::DataFile& deletes : task.deletes) {
    paths.insert(deletes.file_path);
  }
  return paths;
}

/// The tasks that `other` does not have just so.
Tasks Without(const Tasks& tasks, const Tasks& other) {
  std::set<std::set<std::string>> known;
  for (const table::ScanTask& task : other) {
    known.insert(Identity(task));
  }
  Tasks rest;
  std::copy_if(
      tasks.begin(), tasks.end(), std::back_inserter(rest),
      [&](const table::ScanTask& task) { return !known.contains(Identity(task)); });
  return rest;
}

Status VisitIds(io::ObjectStore& store, const Files& files,
                const std::function<void(int64_t)>& visit) {
  const table::Field* column = files.table->metadata.schema().Find(kEventId);
  if (column == nullptr || files.tasks.empty()) {
    return {};
  }
  table::ReadOptions options;
  options.projection.fields = {*column};
  const auto reader = table::ReadTasks(store, files.tasks, std::move(options));
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return {};
    }
    const auto& ids = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < ids.length(); ++i) {
      if (ids.IsValid(i)) {
        visit(ids.Value(i));
      }
    }
  }
}

/// Takes those ids off `missing` that the files hold.
Status Strike(io::ObjectStore& store, const Files& files, Ids& missing) {
  std::vector<bool> found(missing.size());
  CALVE_TRY(VisitIds(store, files, [&](int64_t id) {
    const auto at = std::lower_bound(missing.begin(), missing.end(), id);
    if (at != missing.end() && *at == id) {
      found[static_cast<size_t>(at - missing.begin())] = true;
    }
  }));
  Ids rest;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (!found[i]) {
      rest.push_back(missing[i]);
    }
  }
  missing = std::move(rest);
  return {};
}

/// What vanished, as far as it is named.
struct Vanished {
  int64_t count = 0;
  Ids first;
};

/// Ids of `gone` that are in none of `kept`, a share of them at a time.
Result<Vanished> FindVanished(io::ObjectStore& store, const Files& gone,
                              const std::vector<Files>& kept) {
  int64_t rows = 0;
  for (const table::ScanTask& task : gone.tasks) {
    rows += task.file.record_count;
  }
  const auto shares = static_cast<uint64_t>(rows / kIdsAtOnce + 1);
  Vanished vanished;
  for (uint64_t share = 0; share < shares; ++share) {
    Ids missing;
    CALVE_TRY(VisitIds(store, gone, [&](int64_t id) {
      if (static_cast<uint64_t>(id) % shares == share) {
        missing.push_back(id);
      }
    }));
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    for (const Files& files : kept) {
      if (!missing.empty()) {
        CALVE_TRY(Strike(store, files, missing));
      }
    }
    vanished.count += static_cast<int64_t>(missing.size());
    missing.resize(std::min(missing.size(), kNamed));
    vanished.first.insert(vanished.first.end(), missing.begin(), missing.end());
  }
  std::sort(vanished.first.begin(), vanished.first.end());
  vanished.first.resize(std::min(vanished.first.size(), kNamed));
  return vanished;
}

Result<Tasks> CurrentTasks(io::ObjectStore& store, const LoadedTable& table) {
  const table::Snapshot* current = table.metadata.current_snapshot();
  if (current == nullptr) {
    return Tasks();
  }
  return table::PlanScan(store, table.metadata, *current, /*filters=*/{});
}

}  // namespace

Status CheckNothingVanished(io::ObjectStore& store, const LoadedTable& upstream,
                            const LoadedTable& downstream, const UpstreamPoint& from) {
  const bool same_table = upstream.metadata.table_uuid == from.table_uuid;
  const table::Snapshot* consumed =
      same_table ? upstream.metadata.FindSnapshot(from.snapshot_id) : nullptr;
  CALVE_ASSIGN(const Tasks now, CurrentTasks(store, upstream));
  Files gone{&downstream, {}};
  std::vector<Files> kept{{&upstream, now}};
  if (consumed != nullptr) {
    CALVE_ASSIGN(const Tasks then, table::PlanScan(store, upstream.metadata, *consumed,
                                                   /*filters=*/{}));
    gone = {&upstream, Without(then, now)};
    const Tasks came = Without(now, then);
    // An event that is stored twice may lose one copy: the rest is looked at last.
    kept = {{&upstream, came}, {&upstream, Without(now, came)}};
  } else {
    CALVE_ASSIGN(gone.tasks, CurrentTasks(store, downstream));
  }
  CALVE_ASSIGN(const Vanished vanished, FindVanished(store, gone, kept));
  if (vanished.count == 0) {
    return {};
  }
  const std::string name = downstream.name.name;
  return Error{
      ErrorKind::kCorrupt,
      fmt::format("rows_vanished: {} events that {} has consumed are no longer in {}, "
                  "first audit_event_id {}; if that is a mistake, roll {} back, else "
                  "rebuild what is made from it: calve transform --full-refresh -s {}+",
                  vanished.count, downstream.name.text(), upstream.name.text(),
                  fmt::join(vanished.first, ", "), upstream.name.text(), name)};
}

}  // namespace calve::flow
