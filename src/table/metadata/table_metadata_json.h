#pragma once

/// \file table/metadata/table_metadata_json.h
/// The metadata file's JSON. Spec: Appendix C "JSON serialization".

#include <string>
#include <string_view>

#include "core/result.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

/// Reads format versions 1, 2 and 3 (1 is read as 2: its sequence numbers are 0).
/// \return metadata whose ids all resolve, kUnsupported for a later format version, or
/// kCorrupt
///         with the member at fault; bytes from outside never crash it
Result<TableMetadata> TableMetadataFromJson(std::string_view text);

/// Writes format version 2 or 3, with members in the spec's order.
std::string TableMetadataToJson(const TableMetadata& metadata);

}  // namespace calve::table
