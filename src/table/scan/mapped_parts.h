#pragma once

/// \file table/scan/mapped_parts.h
/// Ids for the parts of nested columns that a file stores without any.

#include <memory>

#include <arrow/type_fwd.h>

#include "table/schema/name_mapping.h"

namespace calve::table {

/// The column with field ids in the metadata of its parts, as a name mapping has them;
/// parts that it does not name get an id that no column has. Values are not copied.
std::shared_ptr<arrow::Array> WithMappedIds(const arrow::Array& column,
                                            const NameMapping& parts);

}  // namespace calve::table
