#pragma once

/// \file flow/quarantine.h
/// `quarantine.<model>`: events that broke the model's contract, whole, with the reason.

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "model/violation.h"
#include "table/commit/table_update.h"

namespace calve::flow {

/// Loads the model's quarantine table, or defines it.
Result<table::LoadedTable> OpenQuarantine(const Pipeline& pipeline,
                                          const contract::Model& model);

/// The violations that the table does not hold yet: an event with the same content that
/// is quarantined already is left out, so that a repeated batch counts nothing twice.
/// \param landed  the batch of LandedEventSchema() that the violations' rows are of
Result<std::vector<model::Violation>> NewViolations(
    io::ObjectStore& store, const table::LoadedTable& quarantine,
    const arrow::RecordBatch& landed, const std::vector<model::Violation>& violations);

/// Adds the events of the violations to the table that `update` makes.
/// \return the files written
Result<std::vector<table::DataFile>> WriteQuarantine(
    const Pipeline& pipeline, const contract::Model& model, table::TableUpdate& update,
    const std::shared_ptr<arrow::RecordBatch>& landed,
    const std::vector<model::Violation>& violations);

}  // namespace calve::flow
