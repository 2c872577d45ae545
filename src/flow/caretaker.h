#pragma once

/// \file flow/caretaker.h
/// The care that a pipeline's tables get between rounds, when it is due.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "flow/maintain.h"
#include "flow/pipeline.h"

namespace calve::flow {

/// What care was taken.
struct CareReport {
  table::CompactionReport compaction;
  int64_t expired_snapshots = 0;
  int64_t deleted_files = 0;
  /// What went wrong, a sentence each, said once per table until it goes right again.
  std::vector<std::string> warnings;
};

/// Looks after the tables of one pipeline. Not thread-safe.
class Caretaker {
 public:
  /// \param pipeline  outlives the caretaker
  explicit Caretaker(const Pipeline& pipeline) : pipeline_(pipeline) {}

  /// Compacts the tables that have gained files in `files_per_merge` commits since they
  /// were last compacted, or looked at by this caretaker, and expires snapshots where a
  /// tenth of the maximum has gathered. Whether that is so is read from the tables'
  /// metadata alone. A table that fails is warned of; the others go on.
  ///
  /// \param expire  whether to expire at all
  /// \param check   an Error ends the care, as kCancelled of CompactTable does
  Result<CareReport> Look(bool expire, const std::function<Status()>& check);

 private:
  Status LookAt(const CaredTable& cared, bool expire,
                const std::function<Status()>& check, CareReport& report);
  Result<bool> IsExpiryDue(const CaredTable& cared,
                           const table::LoadedTable& table) const;

  const Pipeline& pipeline_;  // Outlives this caretaker.
  std::map<table::TableName, table::SnapshotId> looked_at_;
  std::map<table::TableName, std::string> warned_of_;
};

/// How many snapshots have changed files since the newest rewrite (`replace`), or since
/// `seen` where that is newer; as many as are retained.
int64_t ChangesSinceRewrite(const table::TableMetadata& metadata,
                            std::optional<table::SnapshotId> seen);

}  // namespace calve::flow
