#pragma once

/// \file flow/table_contract.h
/// The contract that a table's rows were made by, kept as a property of the table, and
/// what a contract that changed since then means for it.

#include <string>

#include "contract/contract.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "table/commit/table_update.h"

namespace calve::flow {

/// The table property that holds ContractText of the contract that the rows were made by.
inline constexpr const char* kContractProperty = "calve.contract";

/// The table property that names the snapshot from which on that is so: the first one of
/// the last full refresh. Missing: all of them.
inline constexpr const char* kContractSinceProperty = "calve.contract.since";

/// All of a model's contract that its stored rows depend on, as one JSON text: columns
/// with type and payload field, key, order, upstream, source table, schema evolution.
std::string ContractText(const contract::Model& model);

/// Brings a table's schema to its model's contract, as far as metadata alone can: a
/// column widens as Iceberg allows, one that is `not_null` no more becomes optional, one
/// that no stored row can have a value for is added.
///
/// \return kContractViolation, the named halt `contract_changed`, if stored rows would
///         have to change, or were made by another contract since the table was rolled
///         back behind a full refresh; it names the full refresh that makes them anew.
///         The update is not to be used then
Status AdoptContract(const Pipeline& pipeline, const contract::Model& model,
                     table::TableUpdate& update);

/// Notes that the update's rows are all made by the model's contract as it is now.
void RestateContract(const contract::Model& model, table::TableUpdate& update);

}  // namespace calve::flow
