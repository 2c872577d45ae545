#pragma once

/// \file app/event_files.h
/// Event files on disk: made by the generator, read for loading.

#include <functional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "generate/event_csv_reader.h"
#include "generate/generator.h"

namespace calve::app {

/// Opens an event file; kNotFound names a missing one. The reader owns the stream.
Result<generate::EventCsvReader> OpenEventFile(const std::string& path);

/// Generates events, and hands each to `sink`.
/// \param after  earlier event files, in the order of their making
Result<generate::GenerateSummary> GenerateEvents(
    const generate::GenerateOptions& options, const std::vector<std::string>& after,
    const std::function<Status(const generate::EventRecord&)>& sink, Progress& progress);

/// Generates events into a CSV file, which appears whole or not at all.
/// \param after  earlier event files, in the order of their making
Result<generate::GenerateSummary> GenerateFile(const generate::GenerateOptions& options,
                                               const std::vector<std::string>& after,
                                               const std::string& path,
                                               Progress& progress);

}  // namespace calve::app
