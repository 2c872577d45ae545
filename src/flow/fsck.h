#pragma once

/// \file flow/fsck.h
/// Checks the chain that a pipeline's state is: every file, count, pointer and marker.
/// What is looked at, and what each finding means: docs/proof.md.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::flow {

/// Something that is not as it must be.
struct Finding {
  std::string subject;  // a table, or `ledger`
  std::string name;     // file_missing, rows_differ, …
  std::string place;    // a file, a snapshot, a row's key; may be empty
  std::string detail;
  std::string remedy;
};

/// A file that nothing refers to. An attempt that is under way has such files, too.
struct Orphan {
  std::string location;
  int64_t bytes = 0;
  std::optional<int64_t> modified_ms = {};  // since the Unix epoch, where it is known
};

struct FsckRequest {
  std::string scratch_folder;  // local, for temporary files
  size_t max_findings = 200;   // that are listed
};

struct FsckReport {
  int64_t tables = 0;
  int64_t files = 0;  // that exist, have their size and, if Parquet, their rows
  /// That apply to no live data file: harmless, other engines leave them behind.
  int64_t dangling_delete_files = 0;
  int64_t ledger_entries = 0;
  int64_t landing_files = 0;
  int64_t landing_files_waiting = 0;   // in the ledger, not in the landing table yet
  int64_t landing_files_archived = 0;  // in the landing table, but no longer stored
  std::vector<Finding> findings;       // the first ones
  int64_t finding_count = 0;
  std::vector<Orphan> orphans;
};

/// Checks tables, landing files and ledger. Reads only; whatever it comes upon is a
/// finding, never a failure.
///
/// Starts over if there are findings and snapshots were expired meanwhile, which looks
/// like missing files.
///
/// \return the report; an Error only where catalog or stores can't be reached at all, or
///         the temporary files find no room; kConflict if snapshots with findings are
///         expired each time
///
/// Cost: reads all metadata, the footers of all Parquet files, all landing files (for
/// their hash), position deletes, and the ids of staging and history tables.
Result<FsckReport> Fsck(const Pipeline& pipeline, const FsckRequest& request,
                        Progress& progress);

}  // namespace calve::flow
