#pragma once

/// \file flow/verify_input.h
/// All that a proof compares, read once: tables and source as prints in spools.

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/progress.h"
#include "flow/pipeline.h"
#include "flow/verify.h"
#include "flow/verify_events.h"
#include "flow/verify_spool.h"
#include "flow/verify_tables.h"

namespace calve::flow {

/// A table's rows, as they are.
struct TableRows {
  const JudgedTable* table;
  PrintLayout layout;
  PrintSpool spool;
};

/// The rows of a source table and of its mart, as far as they can be compared.
struct LiveRows {
  const contract::Model* model;
  PrintLayout layout;
  PrintSpool expected;
  PrintSpool found;
};

/// Neither copied nor moved: its parts point at each other.
struct VerifyInput {
  VerifyInput() = default;
  VerifyInput(const VerifyInput&) = delete;
  VerifyInput& operator=(const VerifyInput&) = delete;

  /// Requires: the model was read.
  FlattenedEvents& FlattenedOf(const std::string& flatten_model);
  /// Null if no source table was read for it.
  LiveRows* LiveOf(const contract::Model* model);

  RestingPipeline state;
  std::unique_ptr<io::ScratchFile> file;
  size_t buckets = 0;

  std::deque<TableRows> tables;  // landing, then the models in order
  std::unique_ptr<PrintSpool> audit;
  std::deque<FlattenedEvents> flattened;
  std::deque<LiveRows> live;

  int64_t audit_rows = 0;   // that the cut covers
  int64_t beyond_rows = 0;  // of the audit log, after the cut
  int64_t least_id = std::numeric_limits<int64_t>::max();   // of the audit log
  std::map<std::string, std::vector<int64_t>> quarantined;  // by model, ascending
  std::vector<int64_t> conflicts;       // ids that two events claim, ascending
  std::set<std::string> conflict_keys;  // of such events in the flattened tables
};

/// Reads the pipeline's tables and then, in one snapshot, its source.
///
/// \param selected  source tables are read for those of kind current, if
///                  `request.live`; outlives the input, as do the other two
/// \return Verify's errors
Result<std::unique_ptr<VerifyInput>> ReadVerifyInput(
    const Pipeline& pipeline, const VerifyRequest& request,
    const std::vector<const contract::Model*>& selected, Progress& progress);

}  // namespace calve::flow
