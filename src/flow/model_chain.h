#pragma once

/// \file flow/model_chain.h
/// Models that one batch of an upstream's rows goes through, one after the other, in
/// memory; all tables that it changes are committed at once.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "flow/batch_commit.h"
#include "flow/key_lookup.h"
#include "flow/marker.h"
#include "flow/model_gain.h"
#include "flow/model_step.h"
#include "flow/pipeline.h"

namespace calve::flow {

/// A head model, which reads `upstream`, and models downstream that have consumed all
/// that was there before. Not thread-safe.
class ModelChain {
 public:
  /// \param pipeline, lookup  outlive the chain
  /// \param upstream  what the head reads: the landing table or another model's
  ModelChain(const Pipeline& pipeline, KeyLookup& lookup, table::LoadedTable upstream);

  /// Adds a model, upstream before downstream; the first is the head. `model` outlives
  /// the chain.
  void Add(const contract::Model& model, table::LoadedTable table);

  /// Adds those of the candidates, upstream before downstream, whose upstream is in the
  /// chain and that have consumed it as it stands.
  Status AddFollowers(const std::vector<const contract::Model*>& candidates);

  /// From now on the head's violations are not quarantined but given to `settle`, with
  /// the commit that they are part of.
  using Settle = std::function<Status(const StepResult& head, BatchCommit& commit)>;
  void SettleHeadBy(Settle settle) { settle_head_ = std::move(settle); }

  /// A model's table as of the last commit; null if the model is not in the chain.
  const table::LoadedTable* Find(const std::string& model) const;

  /// Takes a batch through all models and commits what changes.
  ///
  /// \param batch  rows of the upstream, or null for none
  /// \param point  where the upstream stands once the batch is consumed, to be marked;
  ///               null if more comes, or if the batch is no step forward
  /// \return how many commits were made (0 or 1); kConflict: another writer was faster,
  ///         nothing has happened, the chain is to be built again. kContractViolation:
  ///         rows break the contract of a model that is `on_violation: fail`
  Result<int64_t> Process(const std::shared_ptr<arrow::RecordBatch>& batch,
                          const UpstreamPoint* point);

  /// What was committed so far, by the model's name.
  const std::map<std::string, ModelGain>& gains() const { return gains_; }

 private:
  struct Link {
    const contract::Model* model;  // Outlives the chain.
    table::LoadedTable table;
  };

  Result<StepResult> Step(const contract::Model& model, table::TableUpdate& update,
                          const std::shared_ptr<arrow::RecordBatch>& input);
  Result<int64_t> Quarantine(const contract::Model& model, const StepResult& result,
                             BatchCommit& commit);
  void Mark(size_t i, table::TableUpdate& update,
            const std::map<std::string, table::TableUpdate*>& updates,
            const UpstreamPoint* point) const;
  void TakeOver(const std::vector<table::LoadedTable>& committed,
                const std::vector<ModelGain>& gains);

  const Pipeline& pipeline_;  // Outlives this chain.
  KeyLookup& lookup_;         // Likewise.
  table::LoadedTable upstream_;
  std::vector<Link> links_;
  std::map<std::string, ModelGain> gains_;
  Settle settle_head_;  // null: violations are quarantined
};

}  // namespace calve::flow
