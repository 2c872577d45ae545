#pragma once

/// \file flow/quarantine.h
/// `quarantine.<model>`: events that broke the model's contract, whole, with the reason.
/// A row is open until it is discarded, with a note, or leaves by a replay that takes its
/// event into the model (flow/quarantine_replay.h). A discarded row stays: its event is
/// not quarantined again.

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

inline constexpr const char* kQuarantineNamespace = "quarantine";
inline constexpr const char* kQuarantinedAt = "quarantined_at";
inline constexpr const char* kRule = "rule";
inline constexpr const char* kColumnName = "column_name";
inline constexpr const char* kReason = "reason";
inline constexpr const char* kDiscardedAt = "discarded_at";
inline constexpr const char* kDiscardNote = "discard_note";

/// The columns of a quarantine table: when, model, rule, column, reason; those of
/// LandedEventSchema(); when and why it was discarded (null: open).
const std::shared_ptr<arrow::Schema>& QuarantineSchema();

/// Gives a table that an earlier version made the columns it lacks.
Status AddLaterColumns(table::TableUpdate& update);

/// Loads the model's quarantine table, or defines it.
Result<table::LoadedTable> OpenQuarantine(const Pipeline& pipeline,
                                          const contract::Model& model);

/// The violations that the table does not hold yet: an event with the same content that
/// is quarantined already, discarded or not, is left out, and so is a repeat within the
/// batch: nothing is counted twice.
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
