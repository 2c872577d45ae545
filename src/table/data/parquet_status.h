#pragma once

/// \file table/data/parquet_status.h
/// Calls into Parquet, which throws: no exception leaves the room, and the kind of a
/// failure says whether the storage or the bytes are at fault.

#include <functional>
#include <string>

#include <arrow/status.h>

#include "core/result.h"

namespace calve::table {

class ArrowInput;
class ArrowOutput;

/// Runs `body`, which reads the Parquet file at `location` through `input`.
///
/// \return the failure of the object if there was one; else kUnsupported for a feature
/// that Parquet's library lacks, and kCorrupt for the rest, both naming `location`
Status GuardParquetRead(const std::string& location, const ArrowInput& input,
                        const std::function<arrow::Status()>& body);

/// Runs `body`, which writes the Parquet file at `location` through `output`.
///
/// \return the failure of the object if there was one, else kInternal: what we write is
/// ours
Status GuardParquetWrite(const std::string& location, const ArrowOutput& output,
                         const std::function<arrow::Status()>& body);

}  // namespace calve::table
