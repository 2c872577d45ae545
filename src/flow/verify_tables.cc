#include "flow/verify_tables.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "core/event.h"
#include "flow/dbt_progress.h"
#include "flow/extract.h"
#include "flow/ingest.h"
#include "flow/marker.h"
#include "flow/mart_rows.h"
#include "flow/model_table.h"
#include "flow/pending.h"
#include "flow/refresh.h"
#include "landing/ledger.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using contract::Model;

constexpr int kLooks = 4;
constexpr std::chrono::milliseconds kPause(500);

Result<capture::Cursor> NewestCursor(const landing::Ledger& ledger) {
  if (ledger.cursor().empty()) {
    return Error{ErrorKind::kUnavailable,
                 "nothing was extracted yet, so there is nothing to verify; run `calve "
                 "run` first"};
  }
  return capture::CursorFromJson(ledger.cursor());
}

/// What a model has not consumed; empty if nothing.
Result<std::string> WaitingAt(const Pipeline& pipeline, const RestingPipeline& state,
                              const JudgedTable& judged) {
  const JudgedTable* upstream = state.Find(judged.model->from);
  if (upstream == nullptr) {
    upstream = &state.landing;
  }
  if (!upstream->table) {
    return std::string();
  }
  const table::TableMetadata& source = upstream->table->metadata;
  std::optional<UpstreamPoint> marker;
  if (judged.table) {
    const auto by_dbt = FindDbtProgress(judged.table->metadata, source);
    if (by_dbt && HasConsumed(source, by_dbt->read)) {
      return std::string();
    }
    marker = FindMarker(judged.table->metadata, upstream->name);
  }
  CALVE_ASSIGN(const auto pending, FindPending(*pipeline.store, source, marker));
  // An upstream that another engine rewrote: whatever that did, its rows can be judged.
  const bool waits = pending && !pending->rescan;
  return waits ? fmt::format("{} has not consumed {}", judged.name, upstream->name)
               : std::string();
}

Result<std::string> WaitingIn(const Pipeline& pipeline, const landing::Ledger& ledger,
                              const RestingPipeline& state) {
  CALVE_ASSIGN(const auto keys, ledger.Keys());
  CALVE_ASSIGN(const auto files, PendingKeys(pipeline, keys));
  if (!files.empty()) {
    return fmt::format("{} landing files wait", files.size());
  }
  for (const JudgedTable& judged : state.models) {
    CALVE_ASSIGN(std::string waiting, WaitingAt(pipeline, state, judged));
    if (!waiting.empty()) {
      return waiting;
    }
  }
  return std::string();
}

/// One look. \return what waits
Result<std::string> Look(const Pipeline& pipeline,
                         const std::vector<const Model*>& models,
                         RestingPipeline& state) {
  CALVE_ASSIGN(const landing::Ledger ledger,
               landing::Ledger::Load(*pipeline.store,
                                     {pipeline.landing.root, pipeline.landing.prefix}));
  CALVE_ASSIGN(state.cut, NewestCursor(ledger));
  state.models.clear();
  state.landing.name = pipeline.landing_table.text();
  // Downstream first: an upstream that is loaded later holds all that it consumed.
  for (auto model = models.rbegin(); model != models.rend(); ++model) {
    JudgedTable judged{.name = (*model)->table(), .model = *model, .table = {}};
    CALVE_ASSIGN(judged.table, TryLoadTable(pipeline, {(*model)->layer, (*model)->name}));
    state.models.insert(state.models.begin(), std::move(judged));
  }
  CALVE_ASSIGN(state.landing.table, TryLoadTable(pipeline, pipeline.landing_table));
  return WaitingIn(pipeline, ledger, state);
}

void SortUnique(std::vector<int64_t>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

int64_t JudgedTable::row_estimate() const {
  return table ? StoredRows(table->metadata) : 0;
}

PrintLayout JudgedTable::Layout(std::vector<std::string> key) const {
  PrintLayout layout;
  for (const int column : {kIngestedAtColumn, kSourceFileColumn}) {
    layout.left_out.push_back(LandedEventSchema()->field(column)->name());
  }
  layout.key = std::move(key);
  if (table) {
    for (const table::Field& field : table->metadata.schema().fields) {
      if (std::find(layout.left_out.begin(), layout.left_out.end(), field.name) ==
          layout.left_out.end()) {
        layout.columns.push_back(field.name);
      }
    }
  }
  return layout;
}

const JudgedTable* RestingPipeline::Find(const std::string& model) const {
  const auto it = std::find_if(models.begin(), models.end(), [&](const JudgedTable& t) {
    return t.model->name == model;
  });
  return it == models.end() ? nullptr : &*it;
}

std::vector<const Model*> WithUpstream(const contract::Project& project,
                                       const std::vector<const Model*>& models) {
  std::set<std::string> needed;
  for (const Model* model : models) {
    for (; model != nullptr; model = project.Upstream(*model)) {
      needed.insert(model->name);
    }
  }
  std::vector<const Model*> closure;
  for (const Model& model : project.models) {
    if (needed.contains(model.name)) {
      closure.push_back(&model);
    }
  }
  return closure;
}

Result<RestingPipeline> LoadAtRest(const Pipeline& pipeline,
                                   const std::vector<const Model*>& models) {
  std::string waiting;
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) {
      std::this_thread::sleep_for(kPause);
    }
    RestingPipeline state;
    CALVE_ASSIGN(waiting, Look(pipeline, models, state));
    if (waiting.empty()) {
      return state;
    }
  }
  return Error{ErrorKind::kUnavailable,
               fmt::format("{}: verify judges tables that have consumed everything; run "
                           "`calve run` first, or again once the run is done",
                           waiting)};
}

Status ReadAllRows(const Pipeline& pipeline, const JudgedTable& judged,
                   Progress& progress,
                   const std::function<Status(const arrow::RecordBatch&)>& visit) {
  const table::Snapshot* snapshot =
      judged.table ? judged.table->metadata.current_snapshot() : nullptr;
  if (snapshot == nullptr) {
    return {};
  }
  const table::TableMetadata& metadata = judged.table->metadata;
  progress.Begin("read " + judged.name, judged.row_estimate(), "rows");
  CALVE_ASSIGN(auto tasks, table::PlanScan(*pipeline.store, metadata, *snapshot, {}));
  const auto reader = table::ReadTasks(*pipeline.store, std::move(tasks),
                                       {.projection = metadata.schema(),
                                        .filters = {},
                                        .with_position = false,
                                        .positions = std::nullopt});
  int64_t rows = 0;
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      progress.End(fmt::format("{} rows", rows));
      return {};
    }
    CALVE_TRY(visit(*batch));
    rows += batch->num_rows();
    progress.Advance(batch->num_rows());
  }
}

Result<QuarantinedIds> ReadQuarantinedIds(const Pipeline& pipeline, const Model& model) {
  JudgedTable quarantine;
  quarantine.name = "quarantine." + model.name;
  CALVE_ASSIGN(quarantine.table, TryLoadTable(pipeline, {"quarantine", model.name}));
  QuarantinedIds ids;
  NoProgress silent;
  const auto note = [&](const arrow::RecordBatch& batch) -> Status {
    CALVE_ASSIGN(const auto id_column, ColumnOf(batch, kEventId));
    CALVE_ASSIGN(const auto rule_column, ColumnOf(batch, "rule"));
    const auto& event_ids = static_cast<const arrow::Int64Array&>(*id_column);
    const auto& rules = static_cast<const arrow::StringArray&>(*rule_column);
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      if (event_ids.IsValid(i)) {
        const bool conflict = rules.IsValid(i) && rules.GetView(i) == "id_conflict";
        (conflict ? ids.conflicts : ids.all).push_back(event_ids.Value(i));
      }
    }
    return {};
  };
  CALVE_TRY(ReadAllRows(pipeline, quarantine, silent, note));
  SortUnique(ids.all);
  SortUnique(ids.conflicts);
  return ids;
}

}  // namespace calve::flow
