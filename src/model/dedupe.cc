#include "model/dedupe.h"

#include <algorithm>
#include <numeric>
#include <span>

#include <arrow/api.h>
#include <fmt/format.h>

#include "core/event.h"
#include "model/fingerprint_internal.h"

namespace calve::model {
namespace {

/// The rows by id, those of one id in the batch's order. Ids mostly ascend already.
std::vector<int64_t> RowsById(const arrow::Int64Array& ids) {
  std::vector<int64_t> rows(static_cast<size_t>(ids.length()));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const auto by_id = [&](int64_t a, int64_t b) {
    return std::pair(ids.Value(a), a) < std::pair(ids.Value(b), b);
  };
  if (!std::is_sorted(rows.begin(), rows.end(), by_id)) {
    std::sort(rows.begin(), rows.end(), by_id);
  }
  return rows;
}

Violation Conflict(int64_t row, int64_t id) {
  return {
      .row = row,
      .rule = "id_conflict",
      .column = "",
      .reason = fmt::format("event {} came before with other content, which stays", id)};
}

/// Plans the rows of one id after the other. Contents are compared only where an id
/// repeats.
class DedupePlanner {
 public:
  DedupePlanner(const arrow::RecordBatch& landed, const StoredEvents& stored)
      : stored_(stored), prints_(landed) {}

  void Add(int64_t id, std::span<const int64_t> rows) {
    const auto known = stored_.empty() ? stored_.end() : stored_.find(id);
    if (known != stored_.end()) {
      AddConflicts(id, known->second, rows);
      return;
    }
    plan_.kept.push_back(rows.front());
    if (rows.size() > 1) {
      AddConflicts(id, prints_.Of(rows.front()), rows.subspan(1));
    }
  }

  DedupePlan Finish() && {
    std::sort(plan_.kept.begin(), plan_.kept.end());
    std::sort(plan_.conflicts.begin(), plan_.conflicts.end(),
              [](const Violation& a, const Violation& b) { return a.row < b.row; });
    return std::move(plan_);
  }

 private:
  void AddConflicts(int64_t id, const Fingerprint& first, std::span<const int64_t> rows) {
    for (const int64_t row : rows) {
      if (prints_.Of(row) != first) {
        plan_.conflicts.push_back(Conflict(row, id));
      }
    }
  }

  const StoredEvents& stored_;  // Outlives this object.
  RowFingerprints prints_;
  DedupePlan plan_;
};

}  // namespace

DedupePlan PlanDedupe(const arrow::RecordBatch& landed, const StoredEvents& stored) {
  const auto& ids = static_cast<const arrow::Int64Array&>(*landed.column(kEventIdColumn));
  const std::vector<int64_t> rows = RowsById(ids);
  DedupePlanner planner(landed, stored);
  for (size_t begin = 0; begin < rows.size();) {
    const int64_t id = ids.Value(rows[begin]);
    size_t end = begin + 1;
    while (end < rows.size() && ids.Value(rows[end]) == id) {
      ++end;
    }
    planner.Add(id, std::span(rows).subspan(begin, end - begin));
    begin = end;
  }
  return std::move(planner).Finish();
}

}  // namespace calve::model
