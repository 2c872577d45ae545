#include "flow/transform.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "flow/batch_cutter.h"
#include "flow/marker.h"
#include "flow/mart_rows.h"
#include "flow/model_step.h"
#include "flow/model_table.h"
#include "flow/pending.h"
#include "flow/quarantine.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using contract::Model;
using table::LoadedTable;
using table::TableUpdate;

/// How often a transform starts over because another writer was faster.
constexpr int kMaxAttempts = 50;

/// A model with its table as of the last look or commit.
struct ModelState {
  const Model* model;
  LoadedTable table;
  ModelReport* report;
};

/// A batch's effect on all the tables it reaches, committed at once.
class BatchCommit {
 public:
  explicit BatchCommit(const Pipeline& pipeline) : pipeline_(pipeline) {}
  BatchCommit(const BatchCommit&) = delete;
  BatchCommit& operator=(const BatchCommit&) = delete;

  /// Files of a batch that was not committed are nobody's.
  ~BatchCommit() {
    if (!settled_) {
      table::DeleteFiles(*pipeline_.store, written_);
    }
  }

  TableUpdate& Begin(const LoadedTable& table) {
    updates_.push_back(
        std::make_unique<TableUpdate>(table, table::NewSnapshotId(*pipeline_.uuids)));
    return *updates_.back();
  }

  void AddWritten(const std::vector<table::DataFile>& files) {
    written_.insert(written_.end(), files.begin(), files.end());
  }

  /// \return the new versions of the tables that changed
  Result<std::vector<LoadedTable>> Commit() {
    std::vector<TableUpdate> updates;
    for (const auto& update : updates_) {
      if (!update->empty()) {
        updates.push_back(std::move(*update));
      }
    }
    if (updates.empty()) {
      return std::vector<LoadedTable>{};
    }
    auto committed = table::CommitUpdates(pipeline_.commit_context(), std::move(updates));
    // An unknown commit may have landed: its files stay.
    settled_ = committed || committed.error().kind == ErrorKind::kCommitUnknown;
    return committed;
  }

 private:
  const Pipeline& pipeline_;  // Outlives this commit.
  std::vector<std::unique_ptr<TableUpdate>> updates_;
  std::vector<table::DataFile> written_;
  bool settled_ = false;
};

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
      CALVE_TRY(CatchUpRetrying(*model));
    }
    TransformReport report{.models = {}, .commits = commits_};
    for (const Model* model : selected_) {
      report.models.push_back(reports_[model->name]);
    }
    return report;
  }

 private:
  Status CatchUpRetrying(const Model& model) {
    for (int attempt = 1;; ++attempt) {
      const Status status = CatchUp(model);
      if (status || status.error().kind != ErrorKind::kConflict) {
        return status;
      }
      if (attempt == kMaxAttempts) {
        return Error{
            ErrorKind::kConflict,
            fmt::format("{}; gave up after {} attempts: other writers commit to the "
                        "same tables all the time, try again later",
                        status.error().message, attempt)};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5 * attempt));
    }
  }

  /// Consumes what is new in the model's upstream, and hands the result on to those
  /// models downstream that have consumed everything before it.
  Status CatchUp(const Model& model) {
    CALVE_ASSIGN(const LoadedTable upstream, OpenUpstream(model));
    CALVE_ASSIGN(LoadedTable table, OpenModelTable(pipeline_, model));
    const bool refresh = request_.full_refresh && !refreshed_.contains(model.name);
    const auto from =
        refresh ? std::nullopt : FindMarker(table.metadata, upstream.name.text());
    CALVE_ASSIGN(const auto pending,
                 FindPending(*pipeline_.store, upstream.metadata, from));
    if (refresh) {
      CALVE_ASSIGN(table, Emptied(model, std::move(table)));
    }
    if (!pending) {
      refreshed_.insert(model.name);
      return {};
    }
    chain_.clear();
    chain_.push_back({&model, std::move(table), &reports_[model.name]});
    CALVE_TRY(AddFollowers());
    upstream_ = upstream;
    CALVE_TRY(Consume(*pending));
    refreshed_.insert(model.name);
    return {};
  }

  Result<LoadedTable> OpenUpstream(const Model& model) {
    if (const Model* from = pipeline_.project.Find(model.from)) {
      return OpenModelTable(pipeline_, *from);
    }
    return OpenLandingTable(pipeline_);
  }

  /// Commits the removal of all rows, as the start of a full refresh.
  Result<LoadedTable> Emptied(const Model& model, LoadedTable table) {
    const table::Snapshot* current = table.metadata.current_snapshot();
    if (current == nullptr) {
      return table;
    }
    CALVE_ASSIGN(const auto tasks, table::PlanScan(*pipeline_.store, table.metadata,
                                                   *current, /*filters=*/{}));
    table::FileChanges changes;
    std::set<std::string> deletes;
    for (const table::ScanTask& task : tasks) {
      changes.removed_data.push_back(task.file.file_path);
      for (const table::DataFile& file : task.deletes) {
        deletes.insert(file.file_path);
      }
      reports_[model.name].deleted += task.file.record_count;
    }
    changes.removed_deletes.assign(deletes.begin(), deletes.end());
    if (changes.removed_data.empty()) {
      return table;
    }
    TableUpdate update(std::move(table), table::NewSnapshotId(*pipeline_.uuids));
    CALVE_TRY(update.ChangeRows(std::move(changes)));
    std::vector<TableUpdate> updates;
    updates.push_back(std::move(update));
    CALVE_ASSIGN(auto committed,
                 table::CommitUpdates(pipeline_.commit_context(), std::move(updates)));
    ++commits_;
    return std::move(committed.front());
  }

  /// A model follows its upstream within a batch if it is selected, is not about to be
  /// refreshed, and has consumed the upstream as it stands before the batch.
  Status AddFollowers() {
    for (const Model* model : selected_) {
      const ModelState* upstream = Find(model->from);
      if (upstream == nullptr || Find(model->name) != nullptr ||
          (request_.full_refresh && !refreshed_.contains(model->name))) {
        continue;
      }
      CALVE_ASSIGN(LoadedTable table, OpenModelTable(pipeline_, *model));
      if (FindMarker(table.metadata, upstream->table.name.text()) ==
          CurrentPoint(upstream->table.metadata)) {
        chain_.push_back({model, std::move(table), &reports_[model->name]});
      }
    }
    return {};
  }

  ModelState* Find(const std::string& model) {
    const auto it =
        std::find_if(chain_.begin(), chain_.end(),
                     [&](const ModelState& state) { return state.model->name == model; });
    return it == chain_.end() ? nullptr : &*it;
  }

  Status Consume(const Pending& pending) {
    int64_t total = 0;
    for (const table::ScanTask& task : pending.tasks) {
      total += task.file.record_count;
    }
    progress_.Begin("transform " + chain_.front().model->table(), total, "rows");
    BatchCutter cutter(table::ReadTasks(*pipeline_.store, pending.tasks,
                                        {.projection = upstream_.metadata.schema(),
                                         .filters = {},
                                         .with_position = false,
                                         .positions = std::nullopt}),
                       pipeline_.limits.batch_bytes);
    bool last = false;
    while (!last) {
      CALVE_ASSIGN(const auto batch, cutter.Next());
      CALVE_ASSIGN(last, cutter.AtEnd());
      CALVE_TRY(ProcessBatch(batch, last ? &pending.to : nullptr));
      if (batch != nullptr) {
        progress_.Advance(batch->num_rows());
      }
    }
    progress_.End(fmt::format("{} rows", total));
    return {};
  }

  /// \param batch  upstream rows, or null for none (an upstream whose files hold no rows)
  /// \param point  where the upstream stands once the batch is consumed; null if more
  /// comes
  Status ProcessBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                      const UpstreamPoint* point) {
    BatchCommit commit(pipeline_);
    std::map<std::string, std::shared_ptr<arrow::RecordBatch>> outputs;
    std::map<std::string, TableUpdate*> updates;
    std::vector<ModelReport> gains(chain_.size());
    outputs[chain_.front().model->from] = batch;
    for (size_t i = 0; i < chain_.size(); ++i) {
      const Model& model = *chain_[i].model;
      TableUpdate& update = commit.Begin(chain_[i].table);
      updates[model.name] = &update;
      const auto& input = outputs[model.from];
      if (input != nullptr && input->num_rows() > 0) {
        CALVE_ASSIGN(StepResult result, Step(model, update, input));
        commit.AddWritten(result.written);
        gains[i] = {.table = "",
                    .input_rows = input->num_rows(),
                    .inserted = result.inserted,
                    .deleted = result.deleted};
        CALVE_ASSIGN(gains[i].quarantined, Quarantine(model, result, commit));
        outputs[model.name] = std::move(result.output);
      }
      Mark(i, update, updates, point);
    }
    CALVE_ASSIGN(const auto committed, commit.Commit());
    commits_ += committed.empty() ? 0 : 1;
    TakeOver(committed, gains);
    return {};
  }

  void Mark(size_t i, TableUpdate& update,
            const std::map<std::string, TableUpdate*>& updates,
            const UpstreamPoint* point) {
    if (i == 0) {
      if (point != nullptr) {
        SetMarker(update, upstream_.name.text(), *point);
      }
      return;
    }
    const TableUpdate& upstream = *updates.at(chain_[i].model->from);
    if (upstream.makes_snapshot()) {
      SetMarker(update, upstream.base().name.text(), NextPoint(upstream));
    }
  }

  Result<StepResult> Step(const Model& model, TableUpdate& update,
                          const std::shared_ptr<arrow::RecordBatch>& input) {
    const StepContext context{pipeline_, model, update, lookup_};
    switch (model.kind) {
      case contract::ModelKind::kDedupe:
        return DedupeStep(context, input);
      case contract::ModelKind::kFlatten:
        return FlattenStep(context, input, NeededDownstream(model));
      case contract::ModelKind::kCurrent: {
        const ModelState* upstream = Find(model.from);
        return CurrentStep(context, input,
                           upstream == nullptr ? upstream_ : upstream->table);
      }
      case contract::ModelKind::kHistory:
        return HistoryStep(context, input);
    }
    return Error{ErrorKind::kInternal, "unknown model kind"};
  }

  /// Columns without which a row has no key, or no place in its key's order.
  std::vector<std::string> NeededDownstream(const Model& flatten) const {
    std::vector<std::string> needed{kEventTime, kOperation};
    for (const Model& model : pipeline_.project.models) {
      if (model.from == flatten.name) {
        needed.insert(needed.end(), model.key.begin(), model.key.end());
      }
    }
    return needed;
  }

  /// \return how many events were quarantined that were not yet
  Result<int64_t> Quarantine(const Model& model, const StepResult& result,
                             BatchCommit& commit) {
    if (result.violations.empty()) {
      return int64_t{0};
    }
    if (model.on_violation == contract::OnViolation::kFail) {
      const model::Violation& first = result.violations.front();
      return Error{
          ErrorKind::kContractViolation,
          fmt::format("{} rows break the contract of {} ({}:{}), first by {}: {}; "
                      "nothing of this batch is committed (on_violation: fail)",
                      result.violations.size(), model.table(), model.file, model.line,
                      first.rule, first.reason)};
    }
    CALVE_ASSIGN(const LoadedTable quarantine, OpenQuarantine(pipeline_, model));
    CALVE_ASSIGN(const auto fresh, NewViolations(*pipeline_.store, quarantine,
                                                 *result.judged, result.violations));
    if (!fresh.empty()) {
      CALVE_ASSIGN(const auto written,
                   WriteQuarantine(pipeline_, model, commit.Begin(quarantine),
                                   result.judged, fresh));
      commit.AddWritten(written);
    }
    return static_cast<int64_t>(fresh.size());
  }

  /// Goes on from the committed versions, and counts what they gained.
  void TakeOver(const std::vector<LoadedTable>& committed,
                const std::vector<ModelReport>& gains) {
    for (size_t i = 0; i < chain_.size(); ++i) {
      for (const LoadedTable& table : committed) {
        if (table.name == chain_[i].table.name) {
          chain_[i].table = table;
        }
      }
      ModelReport& report = *chain_[i].report;
      report.input_rows += gains[i].input_rows;
      report.inserted += gains[i].inserted;
      report.deleted += gains[i].deleted;
      report.quarantined += gains[i].quarantined;
    }
  }

  const Pipeline& pipeline_;         // Outlives this transformer.
  const TransformRequest& request_;  // Likewise.
  Progress& progress_;               // Likewise.
  ScanKeyLookup lookup_;
  std::vector<const Model*> selected_;
  std::map<std::string, ModelReport> reports_;
  std::set<std::string> refreshed_;
  int64_t commits_ = 0;
  // The run at hand: a model that catches up with upstream_, then those that follow it.
  LoadedTable upstream_;
  std::vector<ModelState> chain_;
};

}  // namespace

Result<TransformReport> Transform(const Pipeline& pipeline,
                                  const TransformRequest& request, Progress& progress) {
  return Transformer(pipeline, request, progress).Run();
}

}  // namespace calve::flow
