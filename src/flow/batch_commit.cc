#include "flow/batch_commit.h"

#include <utility>

namespace calve::flow {

using table::LoadedTable;
using table::TableUpdate;

BatchCommit::~BatchCommit() {
  if (!settled_) {
    table::DeleteFiles(*pipeline_.store, written_);
  }
}

TableUpdate& BatchCommit::Begin(const LoadedTable& table) {
  updates_.push_back(
      std::make_unique<TableUpdate>(table, table::NewSnapshotId(*pipeline_.uuids)));
  return *updates_.back();
}

void BatchCommit::AddWritten(const std::vector<table::DataFile>& files) {
  written_.insert(written_.end(), files.begin(), files.end());
}

Result<std::vector<LoadedTable>> BatchCommit::Commit() {
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

}  // namespace calve::flow
