#pragma once

/// \file app/pipeline_round.h
/// One round of a pipeline: extract, ingest every file that waits, transform.

#include <cstdint>
#include <string>

#include "app/transformer.h"
#include "core/progress.h"
#include "core/result.h"
#include "flow/extract.h"
#include "flow/ingest.h"
#include "flow/pipeline.h"
#include "flow/transform.h"

namespace calve::app {

struct RoundReport {
  flow::ExtractReport extract;
  int64_t ingested_files = 0;
  int64_t ingested_rows = 0;
  flow::TransformReport transform;
  double extract_seconds = 0;
  double ingest_seconds = 0;
  double transform_seconds = 0;

  double seconds() const { return extract_seconds + ingest_seconds + transform_seconds; }
  int64_t quarantined() const;
  /// Whether the round found nothing to do.
  bool empty() const;
};

/// Runs a round. Also ingests what an earlier round extracted and left behind.
/// \param transform  the transform step
/// \param select  models to transform; empty: all
/// \param files   of the same pipeline; kept from round to round, it saves looking again
/// \return the report; the steps' errors; kCancelled between two steps after a signal:
/// what
///         was done stays done
Result<RoundReport> RunRound(const flow::Pipeline& pipeline, const Transformer& transform,
                             const std::string& select, Progress& progress,
                             flow::PendingFiles& files);

}  // namespace calve::app
