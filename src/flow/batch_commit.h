#pragma once

/// \file flow/batch_commit.h
/// The changes that one batch makes to several tables, committed at once.

#include <memory>
#include <vector>

#include "flow/pipeline.h"
#include "table/commit/table_update.h"

namespace calve::flow {

/// Gathers updates; without a commit, the data files written for them are deleted at the
/// end of its life. Not thread-safe.
class BatchCommit {
 public:
  /// \param pipeline  outlives the commit
  explicit BatchCommit(const Pipeline& pipeline) : pipeline_(pipeline) {}
  BatchCommit(const BatchCommit&) = delete;
  BatchCommit& operator=(const BatchCommit&) = delete;
  ~BatchCommit();

  /// An update of a table, owned by the commit; one per table.
  table::TableUpdate& Begin(const table::LoadedTable& table);

  /// Files that no commit refers to yet.
  void AddWritten(const std::vector<table::DataFile>& files);

  /// Commits the updates that are not empty, once.
  /// \return the new versions of the tables that changed; errors of CommitUpdates
  Result<std::vector<table::LoadedTable>> Commit();

 private:
  const Pipeline& pipeline_;  // Outlives this commit.
  std::vector<std::unique_ptr<table::TableUpdate>> updates_;
  std::vector<table::DataFile> written_;
  bool settled_ = false;
};

}  // namespace calve::flow
