#pragma once

/// \file app/event_loader.h
/// Event files into an audit table: the generator's reader joined to capture's writer.

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "generate/generator.h"
#include "generate/payload_json.h"

namespace calve::app {

struct LoadRequest {
  std::vector<std::string> files = {};  // in this order
  int64_t batch_rows = 10'000;          // of a transaction
  generate::PayloadStyle style = generate::PayloadStyle::kTyped;
  bool create_table = false;  // where it is missing
};

/// Inserts every row of the files; each batch is one transaction.
/// \return rows inserted; kNotFound for a missing file; kCorrupt, naming the record, for
///         a malformed one (the batches before it stay); the errors of capture's writer
Result<int64_t> LoadEventFiles(const flow::SourceConfig& source,
                               const LoadRequest& request, Progress& progress);

/// Generates events straight into the audit table: what GenerateFile and LoadEventFiles
/// do, without a file between. \param request  its files are not looked at
Result<generate::GenerateSummary> GenerateIntoSource(
    const flow::SourceConfig& source, const generate::GenerateOptions& options,
    const std::vector<std::string>& after, const LoadRequest& request,
    Progress& progress);

}  // namespace calve::app
