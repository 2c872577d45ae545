#pragma once

/// \file flow/refresh.h
/// The start of a full refresh: a model's table without rows, with the columns that the
/// contract gives it now.

#include <cstdint>

#include "contract/contract.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "table/catalog/catalog.h"

namespace calve::flow {

/// The rows in the data files of the current snapshot, removed ones too, by its summary;
/// 0 where it does not say.
int64_t StoredRows(const table::TableMetadata& metadata);

/// Commits the removal of all rows, and of the model's open rows in quarantine: they are
/// judged anew. A column whose type is not the contract's any more gives way to a new one
/// of the same name (old snapshots keep theirs); columns that the contract does not name
/// go, and come back with the first row that has them.
///
/// Meant for a pipeline inside a table::Transaction: others would see the empty table.
/// \return the table's new version
Result<table::LoadedTable> EmptyForRefresh(const Pipeline& pipeline,
                                           const contract::Model& model,
                                           table::LoadedTable table);

}  // namespace calve::flow
