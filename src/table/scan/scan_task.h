#pragma once

/// \file table/scan/scan_task.h
/// Scan tasks out of manifest entries.

#include <memory>

#include "core/result.h"
#include "table/manifest/manifest.h"
#include "table/metadata/table_metadata.h"
#include "table/scan/file_pruning.h"
#include "table/scan/scan.h"

namespace calve::table {

/// The table's name mapping; null if it has none. \return kCorrupt
Result<std::shared_ptr<const NameMapping>> NameMappingOf(const TableMetadata& metadata);

/// A task for a data file, without deletes.
/// \param spec  of the entry's manifest
ScanTask MakeScanTask(const ScanSpec& spec, ManifestEntry entry,
                      std::shared_ptr<const NameMapping> names);

}  // namespace calve::table
