#include "app/pipeline_state.h"

#include <utility>

#include "flow/ingest.h"
#include "flow/marker.h"
#include "flow/model_table.h"
#include "flow/pending.h"
#include "table/commit/table_update.h"

namespace calve::app {
namespace {

TableState Describe(const std::string& name,
                    const std::optional<table::LoadedTable>& loaded) {
  TableState state;
  state.table = name;
  state.exists = loaded.has_value();
  if (loaded) {
    state.totals.rows = 0;
    if (const table::Snapshot* snapshot = loaded->metadata.current_snapshot()) {
      state.totals = TotalsOf(*snapshot);
      state.last_commit = TimeOf(*snapshot);
    }
  }
  return state;
}

/// Snapshots of `upstream` after the marker, as far as they are retained.
int64_t CountSnapshotsAfter(const table::TableMetadata& upstream,
                            const std::optional<flow::UpstreamPoint>& marker) {
  int64_t count = 0;
  const table::Snapshot* at = upstream.current_snapshot();
  while (at != nullptr && !(marker && at->snapshot_id == marker->snapshot_id)) {
    ++count;
    at =
        at->parent_snapshot_id ? upstream.FindSnapshot(*at->parent_snapshot_id) : nullptr;
  }
  return count;
}

Status AddWaiting(const flow::Pipeline& pipeline, const table::TableMetadata& upstream,
                  const std::optional<table::LoadedTable>& loaded, TableState& state) {
  std::optional<flow::UpstreamPoint> marker;
  if (loaded) {
    marker = flow::FindMarker(loaded->metadata, state.upstream);
  }
  CALVE_ASSIGN(const std::optional<flow::Pending> pending,
               flow::FindPending(*pipeline.store, upstream, marker));
  if (!pending) {
    return {};
  }
  state.waiting_snapshots = CountSnapshotsAfter(upstream, marker);
  for (const table::ScanTask& task : pending->tasks) {
    state.waiting_rows += task.file.record_count;
  }
  return {};
}

Result<TableState> LookAtModel(const flow::Pipeline& pipeline,
                               const contract::Model& model) {
  const contract::Model* upstream_model = pipeline.project.Upstream(model);
  const table::TableName upstream_name =
      upstream_model != nullptr
          ? table::TableName{upstream_model->layer, upstream_model->name}
          : pipeline.landing_table;
  CALVE_ASSIGN(const auto upstream, flow::TryLoadTable(pipeline, upstream_name));
  CALVE_ASSIGN(const auto loaded,
               flow::TryLoadTable(pipeline, {model.layer, model.name}));
  TableState state = Describe(model.table(), loaded);
  state.upstream = upstream_name.text();
  for (const contract::Column& column : model.columns) {
    if (!loaded || loaded->metadata.schema().Find(column.name) == nullptr) {
      state.missing_columns.push_back(column.name);
    }
  }
  if (upstream) {
    CALVE_TRY(AddWaiting(pipeline, upstream->metadata, loaded, state));
  }
  return state;
}

void LookAtSource(const flow::Pipeline& pipeline, PipelineState& state) {
  auto plan = flow::PlanExtract(pipeline);
  if (plan) {
    state.source = *plan;
  } else {
    state.source_problem = plan.error().message;
  }
}

}  // namespace

Result<PipelineState> LookAtPipeline(const flow::Pipeline& pipeline) {
  PipelineState state;
  LookAtSource(pipeline, state);
  CALVE_ASSIGN(const std::vector<std::string> keys, flow::LedgeredKeys(pipeline));
  CALVE_ASSIGN(state.pending_keys, flow::PendingKeys(pipeline, keys));
  CALVE_ASSIGN(const auto landing, flow::TryLoadTable(pipeline, pipeline.landing_table));
  state.tables.push_back(Describe(pipeline.landing_table.text(), landing));
  for (const contract::Model& model : pipeline.project.models) {
    CALVE_ASSIGN(TableState model_state, LookAtModel(pipeline, model));
    state.tables.push_back(std::move(model_state));
  }
  return state;
}

}  // namespace calve::app
