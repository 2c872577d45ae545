#pragma once

/// \file flow/mart_rows.h
/// Flattened rows as the mart models see them, and history rows made of them.

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"
#include "model/current.h"
#include "model/history.h"

namespace calve::flow {

inline constexpr const char* kEventId = "audit_event_id";
inline constexpr const char* kOperation = "audit_operation";
inline constexpr const char* kEventTime = "audit_timestamp";
inline constexpr const char* kValidFrom = "valid_from";
inline constexpr const char* kValidTo = "valid_to";
inline constexpr const char* kIsCurrent = "is_current";
inline constexpr const char* kIsDeleted = "is_deleted";

/// Whether the model is a mart: of kind current or history.
bool IsMart(const contract::Model& model);

/// Columns of a flatten model without which a row has no key, or no place in its key's
/// order.
std::vector<std::string> NeededByMarts(const contract::Project& project,
                                       const contract::Model& flatten);

/// The batch's rows as keyed events. \param keys  EncodeKeys of the batch
Result<std::vector<model::KeyedEvent>> KeyedEvents(
    const arrow::RecordBatch& rows, const std::vector<model::RowKey>& keys);

/// Event positions from two columns of a batch: microseconds and ids.
Result<std::vector<model::EventPosition>> PositionsOf(const arrow::RecordBatch& rows,
                                                      const std::string& time_column);

/// History rows of flattened rows: `audit_timestamp` gives way to the interval's columns,
/// and `is_deleted` is added. \param intervals  by row
Result<std::shared_ptr<arrow::RecordBatch>> HistoryRows(
    const arrow::RecordBatch& flattened, const std::vector<model::Interval>& intervals);

/// Stored history rows with new intervals, everything else as it is.
Result<std::shared_ptr<arrow::RecordBatch>> WithIntervals(
    const arrow::RecordBatch& history, const std::vector<model::Interval>& intervals);

}  // namespace calve::flow
