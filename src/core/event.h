#pragma once

/// \file core/event.h
/// The vocabulary that capture, landing, generate and model share: the columns of an
/// event.

#include <memory>

#include <arrow/type_fwd.h>

namespace calve {

/// Columns of a captured event, in this order, all nullable:
/// `audit_event_id int64, audit_operation utf8, audit_timestamp timestamp[us, UTC],
/// tbl_schema utf8, tbl_name utf8, raw_data utf8`.
const std::shared_ptr<arrow::Schema>& EventSchema();

/// Columns of a landed event: `ingested_at timestamp[us, UTC], source_file utf8`, then
/// those of EventSchema().
const std::shared_ptr<arrow::Schema>& LandedEventSchema();

/// Positions of the columns in LandedEventSchema(); subtract kEventColumnsOffset for
/// EventSchema().
inline constexpr int kIngestedAtColumn = 0;
inline constexpr int kSourceFileColumn = 1;
inline constexpr int kEventColumnsOffset = 2;
inline constexpr int kEventIdColumn = 2;
inline constexpr int kOperationColumn = 3;
inline constexpr int kTimestampColumn = 4;
inline constexpr int kTableSchemaColumn = 5;
inline constexpr int kTableNameColumn = 6;
inline constexpr int kRawDataColumn = 7;

}  // namespace calve
