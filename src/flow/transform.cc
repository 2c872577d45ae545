#include "flow/transform.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "flow/batch_cutter.h"
#include "flow/marker.h"
#include "flow/model_chain.h"
#include "flow/model_table.h"
#include "flow/pending.h"
#include "flow/refresh.h"
#include "flow/retry.h"
#include "flow/vanished.h"
#include "table/commit/transaction.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using contract::Model;
using table::LoadedTable;

/// How often a transform starts over because another writer was faster.
constexpr int kTransformAttempts = 50;
/// Likewise a full refresh, which starts over as a whole.
constexpr int kMaxRefreshAttempts = 3;

/// Whether a violation, which marts have none of, or a new field stops the model.
bool MayHalt(const Model& model) {
  const bool has_violations = model.kind == contract::ModelKind::kDedupe ||
                              model.kind == contract::ModelKind::kFlatten;
  return (model.on_violation == contract::OnViolation::kFail && has_violations) ||
         model.schema_evolution == contract::SchemaEvolution::kFail;
}

class Transformer {
 public:
  Transformer(const Pipeline& pipeline, const TransformRequest& request,
              Progress& progress)
      : pipeline_(pipeline),
        request_(request),
        progress_(progress),
        lookup_(*pipeline.store) {}

  Result<TransformReport> Run() {
    CALVE_ASSIGN(selected_, contract::Select(pipeline_.project, request_.select));
    for (const Model* model : selected_) {
      reports_[model->name].table = model->table();
    }
    for (const Model* model : selected_) {
      CALVE_TRY(BringUpToDate(*model));
    }
    TransformReport report{.models = {}, .commits = commits_};
    for (const Model* model : selected_) {
      report.models.push_back(reports_[model->name]);
    }
    return report;
  }

 private:
  Status BringUpToDate(const Model& model) {
    if (request_.full_refresh) {
      return CatchUp(pipeline_, model);  // Refresh starts over, with all models.
    }
    return RetryOnConflict(kTransformAttempts, [&] {
      return MayHalt(model) ? CatchUpAtOnce(model) : CatchUp(pipeline_, model);
    });
  }

  /// Nothing of a model that may halt may show if a later batch makes it halt.
  Status CatchUpAtOnce(const Model& model) {
    const auto reports = reports_;
    const int64_t commits = commits_;
    table::Transaction transaction(pipeline_.commit_context());
    Pipeline inside = pipeline_;
    inside.catalog = transaction.catalog();
    Status done = CatchUp(inside, model);
    if (done) {
      done = transaction.Publish();
    }
    commits_ = commits + (done && commits_ > commits ? 1 : 0);
    if (!done) {
      reports_ = reports;
    }
    return done;
  }

  /// Consumes what is new in the model's upstream, and hands the result on to those
  /// models downstream that have consumed everything before it.
  Status CatchUp(const Pipeline& pipeline, const Model& model) {
    CALVE_ASSIGN(const LoadedTable upstream, OpenUpstream(pipeline, model));
    const bool refresh = request_.full_refresh && !refreshed_.contains(model.name);
    CALVE_ASSIGN(LoadedTable table, refresh ? OpenAnyModelTable(pipeline, model)
                                            : OpenModelTable(pipeline, model));
    const auto from =
        refresh ? std::nullopt : FindMarker(table.metadata, upstream.name.text());
    CALVE_ASSIGN(const auto pending,
                 FindPending(*pipeline.store, upstream.metadata, from));
    if (pending && pending->rescan) {
      CALVE_TRY(CheckNothingVanished(*pipeline.store, upstream, table, *from));
    }
    if (refresh) {
      reports_[model.name].gain.deleted += StoredRows(table.metadata);
      CALVE_ASSIGN(table, EmptyForRefresh(pipeline, model, std::move(table)));
    }
    refreshed_.insert(model.name);
    if (!pending) {
      return {};
    }
    ModelChain chain(pipeline, lookup_, upstream);
    chain.Add(model, std::move(table));
    CALVE_TRY(chain.AddFollowers(PossibleFollowers()));
    const Status consumed = Consume(*pending, upstream, model, chain);
    for (const auto& [name, gain] : chain.gains()) {
      reports_[name].gain += gain;
    }
    return consumed;
  }

  /// The models that may follow within a batch: selected, not about to be refreshed, and
  /// none that would fail the batch of its upstream.
  std::vector<const Model*> PossibleFollowers() const {
    std::vector<const Model*> models;
    for (const Model* model : selected_) {
      const bool fresh = !request_.full_refresh || refreshed_.contains(model->name);
      if (fresh && !MayHalt(*model)) {
        models.push_back(model);
      }
    }
    return models;
  }

  Status Consume(const Pending& pending, const LoadedTable& upstream, const Model& head,
                 ModelChain& chain) {
    int64_t total = 0;
    for (const table::ScanTask& task : pending.tasks) {
      total += task.file.record_count;
    }
    progress_.Begin("transform " + head.table(), total, "rows");
    BatchCutter cutter(table::ReadTasks(*pipeline_.store, pending.tasks,
                                        {.projection = upstream.metadata.schema(),
                                         .filters = {},
                                         .with_position = false,
                                         .positions = std::nullopt}),
                       pipeline_.limits.batch_bytes);
    bool last = false;
    while (!last) {
      CALVE_ASSIGN(const auto batch, cutter.Next());
      CALVE_ASSIGN(last, cutter.AtEnd());
      CALVE_ASSIGN(const int64_t commits,
                   chain.Process(batch, last ? &pending.to : nullptr));
      commits_ += commits;
      if (batch != nullptr) {
        progress_.Advance(batch->num_rows());
      }
    }
    progress_.End(fmt::format("{} rows", total));
    return {};
  }

  const Pipeline& pipeline_;         // Outlives this transformer.
  const TransformRequest& request_;  // Likewise.
  Progress& progress_;               // Likewise.
  ScanKeyLookup lookup_;
  std::vector<const Model*> selected_;
  std::map<std::string, ModelReport> reports_;
  std::set<std::string> refreshed_;
  int64_t commits_ = 0;
};

/// Rebuilds tables in a transaction of their own.
Result<TransformReport> Refresh(const Pipeline& pipeline, const TransformRequest& request,
                                Progress& progress) {
  table::Transaction transaction(pipeline.commit_context());
  Pipeline inside = pipeline;
  inside.catalog = transaction.catalog();
  CALVE_ASSIGN(TransformReport report, Transformer(inside, request, progress).Run());
  CALVE_TRY(transaction.Publish());
  report.commits = 1;
  return report;
}

}  // namespace

Result<TransformReport> Transform(const Pipeline& pipeline,
                                  const TransformRequest& request, Progress& progress) {
  if (!request.full_refresh) {
    return Transformer(pipeline, request, progress).Run();
  }
  return RetryOnConflict(kMaxRefreshAttempts,
                         [&] { return Refresh(pipeline, request, progress); });
}

}  // namespace calve::flow
