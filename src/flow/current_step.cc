#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "flow/mart_rows.h"
#include "flow/model_step.h"
#include "flow/model_table.h"
#include "flow/new_columns.h"
#include "flow/row_removal.h"
#include "model/current.h"

namespace calve::flow {
namespace {

using model::RowKey;

/// Before every event: the key is known, by none of the events at hand.
constexpr model::EventPosition kLongAgo{{std::numeric_limits<int64_t>::min()},
                                        std::numeric_limits<int64_t>::min()};

/// The latest event that flattened holds of each key. Where the batch holds that event
/// too it is taken for new, so that a repeat heals what is missing: the table may still
/// hold any older row of the key.
Result<model::LatestEvents> FindLatest(const StepContext& context, const KeySet& keys,
                                       const std::vector<model::KeyedEvent>& events,
                                       const table::LoadedTable& flattened) {
  model::LatestEvents latest;
  const contract::EventOrder order = context.model.order;
  const auto visit = [&](const FoundRows& found) -> Status {
    CALVE_ASSIGN(const auto positions, PositionsOf(*found.rows, kEventTime));
    for (size_t i = 0; i < positions.size(); ++i) {
      const auto [it, added] = latest.try_emplace(found.keys[i], positions[i]);
      if (!added && model::Before(order, it->second, positions[i])) {
        it->second = positions[i];
      }
    }
    return {};
  };
  CALVE_TRY(context.lookup.Find(flattened, keys, {kEventTime, kEventId}, visit));
  for (const model::KeyedEvent& event : events) {
    const auto it = latest.find(event.key);
    if (it != latest.end() && it->second.event_id == event.position.event_id) {
      it->second = kLongAgo;
    }
  }
  return latest;
}

/// Event ids of the batch's rows that are to be inserted, by key.
std::unordered_map<RowKey, int64_t> InsertedIds(
    const model::CurrentPlan& plan, const std::vector<model::KeyedEvent>& events) {
  std::unordered_map<RowKey, int64_t> ids;
  for (const int64_t row : plan.inserted) {
    const model::KeyedEvent& event = events[static_cast<size_t>(row)];
    ids.emplace(event.key, event.position.event_id);
  }
  return ids;
}

/// Marks the stored rows of the plan's keys for removal; a key whose stored row is
/// already the one to be inserted is left alone, and its insertion dropped from the plan.
Status RemoveReplaced(const StepContext& context, const KeySet& keys,
                      const std::vector<model::KeyedEvent>& events,
                      model::CurrentPlan& plan, RowRemoval& removal) {
  KeySet removed = keys;
  removed.keys = {plan.removed.begin(), plan.removed.end()};
  const auto inserted = InsertedIds(plan, events);
  std::unordered_set<int64_t> present;
  const auto visit = [&](const FoundRows& found) -> Status {
    CALVE_ASSIGN(const auto column, ColumnOf(*found.rows, kEventId));
    const auto& ids = static_cast<const arrow::Int64Array&>(*column);
    for (size_t i = 0; i < found.keys.size(); ++i) {
      const int64_t id = ids.Value(static_cast<int64_t>(i));
      const auto wanted = inserted.find(found.keys[i]);
      if (wanted != inserted.end() && wanted->second == id) {
        present.insert(id);
      } else {
        removal.Add(*found.task, found.positions[i]);
      }
    }
    return {};
  };
  CALVE_TRY(context.lookup.Find(context.update.base(), removed, {kEventId}, visit));
  std::erase_if(plan.inserted, [&](int64_t row) {
    return present.contains(events[static_cast<size_t>(row)].position.event_id);
  });
  return {};
}

}  // namespace

Result<StepResult> CurrentStep(const StepContext& context,
                               const std::shared_ptr<arrow::RecordBatch>& rows,
                               const table::LoadedTable& flattened) {
  CALVE_ASSIGN(const auto encoded, model::EncodeKeys(*rows, context.model.key));
  CALVE_ASSIGN(const KeySet keys, MakeKeySet(*rows, context.model.key, encoded));
  CALVE_ASSIGN(const auto events, KeyedEvents(*rows, encoded));
  CALVE_ASSIGN(const auto latest, FindLatest(context, keys, events, flattened));
  model::CurrentPlan plan = model::PlanCurrent(events, latest, context.model.order);
  RowRemoval removal;
  CALVE_TRY(RemoveReplaced(context, keys, events, plan, removal));

  CALVE_TRY(AdoptNewColumns(context, *rows));
  StepResult result;
  table::FileChanges changes;
  CALVE_TRY(removal.Write(WriteTargetOf(context.pipeline, context.update), changes));
  result.written = changes.added_deletes;
  CALVE_ASSIGN(const auto inserted, TakeRows(rows, plan.inserted));
  CALVE_ASSIGN(changes.added_data,
               WriteRows(context.pipeline, context.update, {inserted}));
  result.written.insert(result.written.end(), changes.added_data.begin(),
                        changes.added_data.end());
  result.inserted = inserted->num_rows();
  result.deleted = removal.rows();
  if (result.inserted + result.deleted > 0) {
    CALVE_TRY(context.update.ChangeRows(std::move(changes)));
  }
  return result;
}

}  // namespace calve::flow
