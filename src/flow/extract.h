#pragma once

/// \file flow/extract.h
/// The extract step: from the audit table to landing files and a ledger entry.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/horizon.h"
#include "core/progress.h"
#include "core/result.h"
#include "core/timestamp.h"
#include "flow/pipeline.h"
#include "landing/ledger.h"

namespace calve::flow {

/// A data interval [start, end): a label of an extraction, never its predicate.
struct DataInterval {
  TimestampUs start;
  TimestampUs end;
};

struct ExtractRequest {
  std::optional<DataInterval> interval;  // none: labelled by the time of the extraction
  /// Read by `audit_timestamp` within the interval, whatever the cursor: a backfill. The
  /// cursor does not move. Requires an interval.
  bool window = false;
};

/// What the user should know although the extraction succeeded.
struct ExtractWarning {
  std::string about;  // the same from one extraction to the next
  std::string text;   // a whole sentence
};

struct ExtractReport {
  std::vector<std::string>
      keys;  // of the files, in order; relative to the landing's root
  int64_t rows = 0;
  bool repeated = false;  // the interval was in the ledger already: its recorded files
  std::vector<ExtractWarning> warnings = {};
};

/// Extracts what became visible since the last extraction, once.
///
/// Nothing is written if there is nothing new and no interval is given. Files are durable
/// before the ledger names them, and the ledger is written only once the source's WAL
/// that the cursor rests on is flushed. Of two extractions at once one wins the ledger
/// entry; the other takes its files away and starts over.
///
/// \return the files; kUnavailable if the source cannot be reached; kInvalidArgument for
/// a
///         table that is no audit log; kCorrupt, a named halt, if continuity cannot be
///         proven: `source_changed`, `cursor_ahead_of_source`, `audit_rows_lost`, with
///         its remedy
Result<ExtractReport> Extract(const Pipeline& pipeline, const ExtractRequest& request,
                              Progress& progress);

/// What the next extraction would find.
struct ExtractPlan {
  std::string cursor_mode;  // xmin, audit_xid
  int64_t rows = 0;
  std::optional<capture::Horizon> horizon;
};

/// Counts the rows that an extraction would read now; writes nothing.
Result<ExtractPlan> PlanExtract(const Pipeline& pipeline);

/// What the audit table's guard knows this pipeline by: the place of its ledger.
std::string ConsumerOf(const Pipeline& pipeline);

/// The pipeline's ledger as it is now.
Result<landing::Ledger> LoadLedger(const Pipeline& pipeline);

/// The keys of every file in the ledger, oldest extraction first.
Result<std::vector<std::string>> LedgeredKeys(const Pipeline& pipeline);

}  // namespace calve::flow
