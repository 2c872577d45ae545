#include "flow/model_chain.h"

#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "flow/mart_rows.h"
#include "flow/model_table.h"
#include "flow/quarantine.h"

namespace calve::flow {

using contract::Model;
using table::LoadedTable;
using table::TableUpdate;

ModelChain::ModelChain(const Pipeline& pipeline, KeyLookup& lookup, LoadedTable upstream)
    : pipeline_(pipeline), lookup_(lookup), upstream_(std::move(upstream)) {}

void ModelChain::Add(const Model& model, LoadedTable table) {
  links_.push_back({&model, std::move(table)});
}

Status ModelChain::AddFollowers(const std::vector<const Model*>& candidates) {
  for (const Model* model : candidates) {
    const LoadedTable* upstream = Find(model->from);
    if (upstream == nullptr || Find(model->name) != nullptr) {
      continue;
    }
    CALVE_ASSIGN(LoadedTable table, OpenModelTable(pipeline_, *model));
    if (HasConsumed(upstream->metadata,
                    FindMarker(table.metadata, upstream->name.text()))) {
      Add(*model, std::move(table));
    }
  }
  return {};
}

const LoadedTable* ModelChain::Find(const std::string& model) const {
  for (const Link& link : links_) {
    if (link.model->name == model) {
      return &link.table;
    }
  }
  return nullptr;
}

Result<int64_t> ModelChain::Process(const std::shared_ptr<arrow::RecordBatch>& batch,
                                    const UpstreamPoint* point) {
  BatchCommit commit(pipeline_);
  std::map<std::string, std::shared_ptr<arrow::RecordBatch>> outputs;
  std::map<std::string, TableUpdate*> updates;
  std::vector<ModelGain> gains(links_.size());
  outputs[links_.front().model->from] = batch;
  for (size_t i = 0; i < links_.size(); ++i) {
    const Model& model = *links_[i].model;
    TableUpdate& update = commit.Begin(links_[i].table);
    updates[model.name] = &update;
    const auto& input = outputs[model.from];
    if (input != nullptr && input->num_rows() > 0) {
      CALVE_ASSIGN(StepResult result, Step(model, update, input));
      commit.AddWritten(result.written);
      int64_t quarantined = 0;
      if (i == 0 && settle_head_) {
        CALVE_TRY(settle_head_(result, commit));
      } else {
        CALVE_ASSIGN(quarantined, Quarantine(model, result, commit));
      }
      gains[i] = {.input_rows = input->num_rows(),
                  .inserted = result.inserted,
                  .deleted = result.deleted,
                  .quarantined = quarantined};
      outputs[model.name] = std::move(result.output);
    }
    Mark(i, update, updates, point);
  }
  CALVE_ASSIGN(const auto committed, commit.Commit());
  TakeOver(committed, gains);
  return committed.empty() ? int64_t{0} : int64_t{1};
}

void ModelChain::Mark(size_t i, TableUpdate& update,
                      const std::map<std::string, TableUpdate*>& updates,
                      const UpstreamPoint* point) const {
  if (i == 0) {
    if (point != nullptr) {
      SetMarker(update, upstream_.name.text(), *point);
    }
    return;
  }
  const TableUpdate& upstream = *updates.at(links_[i].model->from);
  if (upstream.makes_snapshot()) {
    SetMarker(update, upstream.base().name.text(), NextPoint(upstream));
  }
}

Result<StepResult> ModelChain::Step(const Model& model, TableUpdate& update,
                                    const std::shared_ptr<arrow::RecordBatch>& input) {
  const StepContext context{pipeline_, model, update, lookup_};
  switch (model.kind) {
    case contract::ModelKind::kDedupe:
      return DedupeStep(context, input);
    case contract::ModelKind::kFlatten:
      return FlattenStep(context, input, NeededByMarts(pipeline_.project, model));
    case contract::ModelKind::kCurrent: {
      const LoadedTable* upstream = Find(model.from);
      return CurrentStep(context, input, upstream == nullptr ? upstream_ : *upstream);
    }
    case contract::ModelKind::kHistory:
      return HistoryStep(context, input);
  }
  return Error{ErrorKind::kInternal, "unknown model kind"};
}

/// \return how many events were quarantined that were not yet
Result<int64_t> ModelChain::Quarantine(const Model& model, const StepResult& result,
                                       BatchCommit& commit) {
  if (result.violations.empty()) {
    return int64_t{0};
  }
  CALVE_ASSIGN(const LoadedTable quarantine, OpenQuarantine(pipeline_, model));
  CALVE_ASSIGN(const auto fresh, NewViolations(*pipeline_.store, quarantine,
                                               *result.judged, result.violations));
  if (!fresh.empty() && model.on_violation == contract::OnViolation::kFail) {
    const model::Violation& first = fresh.front();
    return Error{ErrorKind::kContractViolation,
                 fmt::format("{} rows break the contract of {} ({}:{}), first by {}: {}; "
                             "nothing of the model is committed (on_violation: fail)",
                             fresh.size(), model.table(), model.file, model.line,
                             first.rule, first.reason)};
  }
  if (!fresh.empty()) {
    CALVE_ASSIGN(const auto written,
                 WriteQuarantine(pipeline_, model, commit.Begin(quarantine),
                                 result.judged, fresh));
    commit.AddWritten(written);
  }
  return static_cast<int64_t>(fresh.size());
}

/// Goes on from the committed versions, and counts what they gained.
void ModelChain::TakeOver(const std::vector<LoadedTable>& committed,
                          const std::vector<ModelGain>& gains) {
  for (size_t i = 0; i < links_.size(); ++i) {
    for (const LoadedTable& table : committed) {
      if (table.name == links_[i].table.name) {
        links_[i].table = table;
      }
    }
    gains_[links_[i].model->name] += gains[i];
  }
}

}  // namespace calve::flow
