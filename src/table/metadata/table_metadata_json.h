#pragma once

/// \file table/metadata/table_metadata_json.h
/// The metadata file's JSON. Spec: Appendix C "JSON serialization".

#include <string>
#include <string_view>

#include "core/result.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

/// Reads format versions 1, 2 and 3. Version 1 is read as 2: its sequence numbers are 0,
/// and what it may leave out (specs, sort orders, refs) is filled in. The last column and
/// partition ids are raised where ids beyond them are in use, so that none is given
/// twice. Bytes from outside never crash it.
///
/// \return metadata that CheckMetadata accepts; kUnsupported for a later format version,
/// a type or transform of one, or gzip (`.gz.metadata.json`); or kCorrupt with the member
/// at fault
Result<TableMetadata> TableMetadataFromJson(std::string_view text);

/// Writes format version 2 or 3, with members in the spec's order, unknown ones last.
std::string TableMetadataToJson(const TableMetadata& metadata);

}  // namespace calve::table
