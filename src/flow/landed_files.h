#pragma once

/// \file flow/landed_files.h
/// Which landing files the landing table holds: asked of the table itself, by the bounds
/// and values of `source_file`.

#include <set>
#include <string>

#include "core/result.h"
#include "io/object_store.h"
#include "table/metadata/table_metadata.h"

namespace calve::flow {

/// Those of `keys` that the table's current snapshot has rows of.
///
/// Cost: reads manifests; of data files, only those whose `source_file` bounds differ
/// (several files compacted into one, or bounds that another writer cut short) and
/// enclose a key.
Result<std::set<std::string>> LandedKeys(io::ObjectStore& store,
                                         const table::TableMetadata& landing,
                                         const std::set<std::string>& keys);

}  // namespace calve::flow
