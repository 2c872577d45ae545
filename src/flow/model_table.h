#pragma once

/// \file flow/model_table.h
/// The Iceberg table of a model: its definition by the contract, and the writing of its
/// rows.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "table/commit/table_update.h"
#include "table/data/data_writer.h"

namespace calve::flow {

/// The name of the model's table.
table::TableName TableNameOf(const contract::Model& model);

/// The model's table as the catalog has it or, where it has none, as it will be made.
///
/// A contract that changed is adopted, see AdoptContract: metadata alone, committed at
/// once.
/// \return kContractViolation, the named halt `contract_changed`; kConflict if another
///         writer was faster
Result<table::LoadedTable> OpenModelTable(const Pipeline& pipeline,
                                          const contract::Model& model);

/// Likewise, whatever columns it has: for a rebuild, which makes them fit.
Result<table::LoadedTable> OpenAnyModelTable(const Pipeline& pipeline,
                                             const contract::Model& model);

/// The table that the contract describes, as it would be made.
Result<table::TableDefinition> DefinitionOf(const contract::Model& model);

/// The landing table, likewise.
Result<table::LoadedTable> OpenLandingTable(const Pipeline& pipeline);

/// The table that a model reads: another model's, or the landing table.
Result<table::LoadedTable> OpenUpstream(const Pipeline& pipeline,
                                        const contract::Model& model);

/// A table that `definition` describes: loaded, or newly defined if the catalog has none.
Result<table::LoadedTable> OpenTable(const Pipeline& pipeline,
                                     const table::TableDefinition& definition);

/// A table as the catalog has it; nullopt if it has none.
Result<std::optional<table::LoadedTable>> TryLoadTable(const Pipeline& pipeline,
                                                       const table::TableName& name);

/// Whether the table is in the catalog yet.
bool Exists(const table::LoadedTable& table);

/// A table schema of an Arrow schema: same names, ids from 1, required where not
/// nullable.
Result<table::Schema> SchemaOf(const arrow::Schema& arrow_schema);

/// Partitions a schema by `day(<column>)`.
table::PartitionSpec PartitionByDay(const table::Schema& schema,
                                    const std::string& column);

/// The batch's column of that name; kInternal if it has none.
Result<std::shared_ptr<arrow::Array>> ColumnOf(const arrow::RecordBatch& batch,
                                               const std::string& name);

/// The rows with these indices, in their order.
Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::vector<int64_t>& rows);

/// How data files of a table with this schema are written.
table::WriteOptions WriteOptionsFor(const table::Schema& schema);

/// A writer of data files of the table that `update` is making.
Result<std::unique_ptr<table::DataWriter>> MakeWriter(const Pipeline& pipeline,
                                                      const table::TableUpdate& update);

/// Writes rows as data files of the table that `update` is making; columns that the table
/// does not have are left out. Empty batches write nothing.
Result<std::vector<table::DataFile>> WriteRows(
    const Pipeline& pipeline, const table::TableUpdate& update,
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches);

/// Where files of the table that `update` is making go.
table::WriteTarget WriteTargetOf(const Pipeline& pipeline,
                                 const table::TableUpdate& update);

}  // namespace calve::flow
