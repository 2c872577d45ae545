#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "flow/mart_rows.h"
#include "flow/model_step.h"
#include "flow/model_table.h"
#include "flow/new_columns.h"
#include "flow/row_removal.h"
#include "model/history.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using model::EventPosition;
using model::RowKey;
using model::StoredVersion;

/// A stored row: its file, as an index into Neighbours::files, and its position there.
struct Place {
  size_t file;
  int64_t position;
};

/// Keeps, of all the stored versions of a key, only those that its new events can touch:
/// the nearest on either side of each new event, the events that are stored already and,
/// ordered by id, later versions whose valid_from a new event raises. So a key with a
/// million versions costs no memory.
class KeyNeighbours {
 public:
  void AddNew(const EventPosition& position) { news_.push_back(position); }

  /// Call between the last AddNew and the first Offer.
  void Prepare(contract::EventOrder order) {
    order_ = order;
    std::sort(news_.begin(), news_.end(), [order](const auto& a, const auto& b) {
      return model::Before(order, a, b);
    });
    raised_.resize(news_.size());
    for (size_t i = 0; i < news_.size(); ++i) {
      raised_[i] = i == 0 ? news_[i].time : std::max(raised_[i - 1], news_[i].time);
    }
    gaps_.resize(news_.size() + 1);
  }

  void Offer(const StoredVersion& version) {
    const auto it = std::lower_bound(
        news_.begin(), news_.end(), version.position,
        [this](const auto& a, const auto& b) { return model::Before(order_, a, b); });
    const auto gap = static_cast<size_t>(it - news_.begin());
    if (it != news_.end() && it->event_id == version.position.event_id) {
      kept_.push_back(version);
      return;
    }
    if (order_ == contract::EventOrder::kId && gap > 0 &&
        version.interval.valid_from < raised_[gap - 1]) {
      kept_.push_back(version);
    }
    Gap& sides = gaps_[gap];
    if (!sides.first || model::Before(order_, version.position, sides.first->position)) {
      sides.first = version;
    }
    if (!sides.last || model::Before(order_, sides.last->position, version.position)) {
      sides.last = version;
    }
  }

  /// What was kept, each version once.
  std::vector<StoredVersion> Take() {
    for (const Gap& gap : gaps_) {
      for (const auto& version : {gap.first, gap.last}) {
        if (version) {
          kept_.push_back(*version);
        }
      }
    }
    const auto by_handle = [](const auto& a, const auto& b) {
      return a.handle < b.handle;
    };
    const auto same = [](const auto& a, const auto& b) { return a.handle == b.handle; };
    std::sort(kept_.begin(), kept_.end(), by_handle);
    kept_.erase(std::unique(kept_.begin(), kept_.end(), same), kept_.end());
    return std::move(kept_);
  }

 private:
  /// The outermost stored versions between two new events.
  struct Gap {
    std::optional<StoredVersion> first;
    std::optional<StoredVersion> last;
  };

  contract::EventOrder order_ = contract::EventOrder::kTimestampThenId;
  std::vector<EventPosition> news_;
  std::vector<TimestampUs> raised_;  // running maximum of the new events' times
  std::vector<Gap> gaps_;            // gaps_[i] lies before news_[i]
  std::vector<StoredVersion> kept_;
};

/// The stored versions beside a batch's events, and where they lie.
struct Neighbours {
  model::StoredVersions versions;
  std::vector<table::ScanTask> files;
  std::vector<Place> places;  // by handle
};

Result<std::vector<StoredVersion>> VersionsOf(const FoundRows& found,
                                              size_t first_handle) {
  CALVE_ASSIGN(const auto positions, PositionsOf(*found.rows, kValidFrom));
  CALVE_ASSIGN(const auto to_array, ColumnOf(*found.rows, kValidTo));
  const auto& to = static_cast<const arrow::TimestampArray&>(*to_array);
  std::vector<StoredVersion> versions(positions.size());
  for (size_t i = 0; i < positions.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    versions[i] = {
        .position = positions[i],
        .interval = {.valid_from = positions[i].time, .valid_to = std::nullopt},
        .handle = static_cast<int64_t>(first_handle + i)};
    if (to.IsValid(row)) {
      versions[i].interval.valid_to = TimestampUs{to.Value(row)};
    }
  }
  return versions;
}

/// A batch's events by key, without an allocation a key; what is kept of a key's stored
/// versions is made only once one is found.
class EventsByKey {
 public:
  EventsByKey(const std::vector<model::KeyedEvent>& events, contract::EventOrder order)
      : events_(events), order_(order), next_(events.size(), kNone) {
    first_.reserve(events.size());
    for (size_t i = 0; i < events.size(); ++i) {
      const auto [it, added] = first_.try_emplace(events[i].key, i);
      if (!added) {
        next_[i] = std::exchange(it->second, i);
      }
    }
  }

  /// The neighbours of a key of the batch.
  KeyNeighbours& Of(const RowKey& key) {
    const auto [it, added] = neighbours_.try_emplace(key);
    if (added) {
      for (size_t i = first_.at(key); i != kNone; i = next_[i]) {
        it->second.AddNew(events_[i].position);
      }
      it->second.Prepare(order_);
    }
    return it->second;
  }

  model::StoredVersions Take() {
    model::StoredVersions versions;
    for (auto& [key, neighbours] : neighbours_) {
      versions.emplace(key, neighbours.Take());
    }
    return versions;
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  const std::vector<model::KeyedEvent>& events_;  // Outlives this object.
  contract::EventOrder order_;
  std::unordered_map<std::string_view, size_t> first_;  // the key's event added last
  std::vector<size_t> next_;  // the event of the same key added before, or kNone
  std::unordered_map<RowKey, KeyNeighbours> neighbours_;
};

Result<Neighbours> FindNeighbours(const StepContext& context, const KeySet& keys,
                                  const std::vector<model::KeyedEvent>& events) {
  Neighbours found;
  if (context.update.base().metadata.current_snapshot() == nullptr) {
    return found;
  }
  EventsByKey by_key(events, context.model.order);
  const auto visit = [&](const FoundRows& rows) -> Status {
    if (found.files.empty() ||
        found.files.back().file.file_path != rows.task->file.file_path) {
      found.files.push_back(*rows.task);
    }
    CALVE_ASSIGN(const auto versions, VersionsOf(rows, found.places.size()));
    for (size_t i = 0; i < versions.size(); ++i) {
      found.places.push_back({found.files.size() - 1, rows.positions[i]});
      by_key.Of(rows.keys[i]).Offer(versions[i]);
    }
    return {};
  };
  CALVE_TRY(context.lookup.Find(context.update.base(), keys,
                                {kValidFrom, kValidTo, kEventId}, visit));
  found.versions = by_key.Take();
  return found;
}

/// Reads the rows that get a new interval, file by file, and marks them for removal.
Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> RewrittenRows(
    const StepContext& context, const Neighbours& neighbours,
    const std::vector<model::HistoryPlan::Rewrite>& rewrites, RowRemoval& removal) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (size_t begin = 0; begin < rewrites.size();) {
    const size_t file =
        neighbours.places[static_cast<size_t>(rewrites[begin].handle)].file;
    const table::ScanTask& task = neighbours.files[file];
    table::ReadOptions options{.projection = context.update.base().metadata.schema(),
                               .filters = {},
                               .with_position = false,
                               .positions = std::vector<int64_t>{}};
    std::vector<model::Interval> intervals;
    size_t end = begin;
    for (; end < rewrites.size(); ++end) {
      const Place& place = neighbours.places[static_cast<size_t>(rewrites[end].handle)];
      if (place.file != file) {
        break;
      }
      options.positions->push_back(place.position);
      intervals.push_back(rewrites[end].interval);
      removal.Add(task, place.position);
    }
    begin = end;
    CALVE_ASSIGN(const auto reader,
                 table::ReadFile(*context.pipeline.store, task, options));
    size_t done = 0;
    while (true) {
      CALVE_ASSIGN(const auto batch, reader->Next());
      if (batch == nullptr) {
        break;
      }
      const auto rows = static_cast<size_t>(batch->num_rows());
      const auto first = intervals.begin() + static_cast<std::ptrdiff_t>(done);
      CALVE_ASSIGN(
          auto changed,
          WithIntervals(*batch, {first, first + static_cast<std::ptrdiff_t>(rows)}));
      batches.push_back(std::move(changed));
      done += rows;
    }
    if (done != intervals.size()) {
      return Error{ErrorKind::kCorrupt,
                   "rows to rewrite are not in " + task.file.file_path};
    }
  }
  return batches;
}

Result<std::shared_ptr<arrow::RecordBatch>> InsertedRows(
    const std::shared_ptr<arrow::RecordBatch>& rows,
    const std::vector<model::HistoryPlan::Insert>& inserts) {
  std::vector<int64_t> indices;
  std::vector<model::Interval> intervals;
  for (const auto& insert : inserts) {
    indices.push_back(insert.row);
    intervals.push_back(insert.interval);
  }
  CALVE_ASSIGN(const auto taken, TakeRows(rows, indices));
  return HistoryRows(*taken, intervals);
}

}  // namespace

Result<StepResult> HistoryStep(const StepContext& context,
                               const std::shared_ptr<arrow::RecordBatch>& rows) {
  CALVE_ASSIGN(const auto encoded, model::EncodeKeys(*rows, context.model.key));
  CALVE_ASSIGN(const KeySet keys, MakeKeySet(*rows, context.model.key, encoded));
  CALVE_ASSIGN(const auto events, KeyedEvents(*rows, encoded));
  CALVE_ASSIGN(const Neighbours neighbours, FindNeighbours(context, keys, events));
  const model::HistoryPlan plan =
      model::PlanHistory(events, neighbours.versions, context.model.order);
  if (plan.inserts.empty() && plan.rewrites.empty()) {
    return StepResult{};
  }
  CALVE_TRY(AdoptNewColumns(context, *rows));
  RowRemoval removal;
  CALVE_ASSIGN(auto batches, RewrittenRows(context, neighbours, plan.rewrites, removal));
  CALVE_ASSIGN(auto inserted, InsertedRows(rows, plan.inserts));
  batches.push_back(std::move(inserted));

  StepResult result;
  table::FileChanges changes;
  CALVE_TRY(removal.Write(WriteTargetOf(context.pipeline, context.update), changes));
  result.written = changes.added_deletes;
  CALVE_ASSIGN(changes.added_data, WriteRows(context.pipeline, context.update, batches));
  result.written.insert(result.written.end(), changes.added_data.begin(),
                        changes.added_data.end());
  result.inserted = static_cast<int64_t>(plan.inserts.size() + plan.rewrites.size());
  result.deleted = removal.rows();
  CALVE_TRY(context.update.ChangeRows(std::move(changes)));
  return result;
}

}  // namespace calve::flow
