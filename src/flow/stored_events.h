#pragma once

/// \file flow/stored_events.h
/// Which events of a batch a table has already, by event id.

#include <cstdint>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "io/object_store.h"
#include "model/dedupe.h"
#include "table/catalog/catalog.h"

namespace calve::flow {

/// `audit_event_id`, as the tables name it.
const std::string& EventIdName();

/// The columns of LandedEventSchema() as the table has them; kContractViolation if it
/// lacks one.
Result<table::Schema> EventColumns(const table::LoadedTable& table);

/// The ids of the batch's events that the table holds.
///
/// Cost: reads the `audit_event_id` column of the files whose bounds hold an id of the
/// batch: none, when ids only grow.
Result<std::unordered_set<int64_t>> FindStoredIds(io::ObjectStore& store,
                                                  const table::LoadedTable& table,
                                                  const arrow::RecordBatch& batch);

/// Every content stored for an id: one in staging, perhaps several in quarantine.
using StoredPrints = std::unordered_map<int64_t, std::set<model::Fingerprint>>;

/// What the table's events say whose id is in the batch.
/// \param table  has all columns of LandedEventSchema()
Result<StoredPrints> FindStoredPrints(io::ObjectStore& store,
                                      const table::LoadedTable& table,
                                      const arrow::RecordBatch& batch);

}  // namespace calve::flow
