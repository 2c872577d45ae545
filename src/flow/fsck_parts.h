#pragma once

/// \file flow/fsck_parts.h
/// The parts of flow/fsck.h: what each looks at is its own.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flow/fsck.h"
#include "io/scratch_file.h"

namespace calve::flow {

/// Gathers findings; beyond the request's bound they are only counted.
class Findings {
 public:
  Findings(FsckReport& report, size_t max) : report_(report), max_(max) {}

  void Add(Finding finding);
  FsckReport& report() { return report_; }

 private:
  FsckReport& report_;  // Outlives this.
  size_t max_;
};

/// Checks the files of one table: metadata, manifests, data and deletes of every snapshot
/// that is retained. Lists orphans.
/// \param warehouse  nothing outside the table's location, which must lie below it, is
///                   opened
void CheckTableFiles(const Pipeline& pipeline, const table::LoadedTable& table,
                     Findings& findings);

/// Whether the location lies below one of the folders, without `..`.
bool LiesBelow(const std::string& location, const std::vector<std::string>& folders);

/// Checks that no event id of a staging table is there twice.
Status CheckEventIds(const Pipeline& pipeline, const contract::Model& model,
                     const table::LoadedTable& table, const std::string& scratch_folder,
                     Findings& findings);

/// Checks that each key's versions follow each other without gap and overlap, and that
/// just the last is current.
Status CheckHistory(const Pipeline& pipeline, const contract::Model& model,
                    const table::LoadedTable& table, const std::string& scratch_folder,
                    Findings& findings);

/// Checks that a table's marker, if it has one, is true and speaks of its upstream.
void CheckMarkers(const table::LoadedTable& table, const table::LoadedTable& upstream,
                  Findings& findings);

/// Rows of the landing table by landing file.
using RowsByFile = std::map<std::string, int64_t>;

/// Counts them by `source_file`. Cost: reads that column.
Result<RowsByFile> RowsByLandingFile(const Pipeline& pipeline,
                                     const table::LoadedTable& landing);

/// Checks the ledger, the landing files, and the landing table's rows of them.
Status CheckLanding(const Pipeline& pipeline,
                    const std::optional<table::LoadedTable>& landing, Progress& progress,
                    Findings& findings);

}  // namespace calve::flow
