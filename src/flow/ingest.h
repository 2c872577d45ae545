#pragma once

/// \file flow/ingest.h
/// The ingest step: a landing file into the landing table, once.

#include <cstdint>
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

}  // namespace calve::flow
