#pragma once

/// \file flow/verify.h
/// Holds the tables of a pipeline against the audit log. What is compared, what is set
/// aside and what is shared with the steps that are judged: docs/proof.md.

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "flow/verify_compare.h"

namespace calve::flow {

struct VerifyRequest {
  std::string select;  // as contract::Select takes it; empty: landing and all models
  bool live = false;   // also the source tables themselves against the current marts
  std::string scratch_folder;  // local, for temporary files
  size_t max_examples = 20;    // differences and keys that are named, per table
};

struct VerifyReport {
  std::string cut;            // what the extractions so far cover, as PostgreSQL tells it
  int64_t audit_rows = 0;     // that the cut covers
  int64_t beyond_rows = 0;    // that wait at the source
  int64_t beyond_landed = 0;  // of these, the ones that a backfill has landed already
  /// Keys with an event in quarantine, or of an id that two events claim.
  int64_t doubtful_keys = 0;
  std::vector<std::string> doubtful_examples;
  std::vector<TableProof> tables;

  bool equal() const;
};

/// Compares landing, staging and mart tables with the audit log, at the newest cursor of
/// the ledger and in one snapshot of the source. Writes nothing.
///
/// \return the report; kUnavailable if the pipeline is not at rest (landing files or
///         upstream rows wait), after a few looks; the errors of capture::AuditLog;
///         kUnavailable if the temporary files find no room
///
/// Cost: reads the audit log and every table once; memory for one bucket of about
/// 200,000 rows; temporary files of about 120 bytes a row and table.
Result<VerifyReport> Verify(const Pipeline& pipeline, const VerifyRequest& request,
                            Progress& progress);

}  // namespace calve::flow
