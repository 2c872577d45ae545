#pragma once

/// \file flow/new_columns.h
/// Columns that a batch has and no contract names: what becomes of them in a table.

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "flow/model_step.h"

namespace calve::flow {

/// Makes room in the model's table for the batch's columns, by its `schema_evolution`:
/// those that neither the model nor its upstream contracts become optional text columns
/// (propagate), are left out (contract) or halt the run (fail). A column that the
/// upstream contracts and the model does not is left out always.
///
/// \return kContractViolation: the named halts `new_field`, `too_many_columns` (more than
/// model::kMaxExtraColumns) and
///         `contract_changed` (the table has such a column as something else than text)
Status AdoptNewColumns(const StepContext& context, const arrow::RecordBatch& rows);

}  // namespace calve::flow
