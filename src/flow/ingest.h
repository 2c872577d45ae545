#pragma once

/// \file flow/ingest.h
/// The ingest step: a landing file into the landing table, once.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::flow {

struct IngestReport {
  int64_t rows = 0;       // in the file
  bool repeated = false;  // the table has the file already: nothing was added
};

/// Ingests one landing file as one commit of `pipeline.landing_table`, which is made if
/// it is not there. Whether the file is in the table is asked of the table itself, again
/// after a lost race. An empty file adds nothing.
///
/// \param key  of the file, relative to the landing's root; becomes `source_file`
/// \return kNotFound if there is no such file; kCorrupt, a named halt
/// `landing_file_changed`, if
///         the file is not the one that was ingested under this key before, or is no
///         landing CSV (with line and column)
Result<IngestReport> Ingest(const Pipeline& pipeline, const std::string& key,
                            Progress& progress);

/// Of the given keys, those that the landing table does not have yet, in order. Files
/// without rows never count as pending once ingested. One look at the table for all of
/// them.
Result<std::vector<std::string>> PendingKeys(const Pipeline& pipeline,
                                             const std::vector<std::string>& keys);

/// Finds pending files again and again, asking the table only of those that were not
/// known to be landed before. Not thread-safe.
class PendingFiles {
 public:
  /// \param pipeline  outlives this object
  explicit PendingFiles(const Pipeline& pipeline) : pipeline_(pipeline) {}

  /// The ledger's keys that the landing table does not have now, in order.
  Result<std::vector<std::string>> Find();

 private:
  Result<std::vector<std::string>> FindOnce();
  bool IsRemembered(const table::TableMetadata& landing) const;

  const Pipeline& pipeline_;  // Outlives this object.
  /// All files up to and with this entry of the ledger are in the table as of the
  /// snapshot.
  int64_t landed_number_ = 0;
  std::string table_uuid_;
  std::optional<table::SnapshotId> as_of_;
};

}  // namespace calve::flow
