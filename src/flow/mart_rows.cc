#include "flow/mart_rows.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/arrow_status.h"
#include "flow/model_table.h"

namespace calve::flow {
namespace {

std::shared_ptr<arrow::DataType> InstantType() {
  return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
}

/// The interval's three columns, by name.
struct IntervalColumns {
  std::shared_ptr<arrow::Array> valid_from;
  std::shared_ptr<arrow::Array> valid_to;
  std::shared_ptr<arrow::Array> is_current;
};

Result<IntervalColumns> MakeIntervalColumns(
    const std::vector<model::Interval>& intervals) {
  arrow::TimestampBuilder from(InstantType(), arrow::default_memory_pool());
  arrow::TimestampBuilder to(InstantType(), arrow::default_memory_pool());
  arrow::BooleanBuilder current;
  const auto count = static_cast<int64_t>(intervals.size());
  CALVE_TRY(FromArrow(from.Reserve(count)));
  CALVE_TRY(FromArrow(to.Reserve(count)));
  CALVE_TRY(FromArrow(current.Reserve(count)));
  for (const model::Interval& interval : intervals) {
    from.UnsafeAppend(interval.valid_from.value);
    if (interval.valid_to) {
      to.UnsafeAppend(interval.valid_to->value);
    } else {
      to.UnsafeAppendNull();
    }
    current.UnsafeAppend(interval.is_current());
  }
  IntervalColumns columns;
  CALVE_ASSIGN(columns.valid_from, FromArrow(from.Finish()));
  CALVE_ASSIGN(columns.valid_to, FromArrow(to.Finish()));
  CALVE_ASSIGN(columns.is_current, FromArrow(current.Finish()));
  return columns;
}

Result<std::shared_ptr<arrow::Array>> DeletedColumn(const arrow::RecordBatch& rows) {
  CALVE_ASSIGN(const auto column, ColumnOf(rows, kOperation));
  const auto& operations = static_cast<const arrow::StringArray&>(*column);
  arrow::BooleanBuilder builder;
  CALVE_TRY(FromArrow(builder.Reserve(rows.num_rows())));
  for (int64_t i = 0; i < rows.num_rows(); ++i) {
    builder.UnsafeAppend(operations.GetView(i) == "D");
  }
  return FromArrow(builder.Finish());
}

}  // namespace

bool IsMart(const contract::Model& model) {
  return model.kind == contract::ModelKind::kCurrent ||
         model.kind == contract::ModelKind::kHistory;
}

Result<std::vector<model::EventPosition>> PositionsOf(const arrow::RecordBatch& rows,
                                                      const std::string& time_column) {
  CALVE_ASSIGN(const auto time_array, ColumnOf(rows, time_column));
  CALVE_ASSIGN(const auto id_array, ColumnOf(rows, kEventId));
  const auto& times = static_cast<const arrow::TimestampArray&>(*time_array);
  const auto& ids = static_cast<const arrow::Int64Array&>(*id_array);
  std::vector<model::EventPosition> positions(static_cast<size_t>(rows.num_rows()));
  for (int64_t i = 0; i < rows.num_rows(); ++i) {
    positions[static_cast<size_t>(i)] = {{times.Value(i)}, ids.Value(i)};
  }
  return positions;
}

std::vector<std::string> NeededByMarts(const contract::Project& project,
                                       const contract::Model& flatten) {
  std::vector<std::string> needed{kEventTime, kOperation};
  for (const contract::Model& model : project.models) {
    if (model.from == flatten.name) {
      needed.insert(needed.end(), model.key.begin(), model.key.end());
    }
  }
  return needed;
}

Result<std::vector<model::KeyedEvent>> KeyedEvents(
    const arrow::RecordBatch& rows, const std::vector<model::RowKey>& keys) {
  CALVE_ASSIGN(const auto positions, PositionsOf(rows, kEventTime));
  CALVE_ASSIGN(const auto column, ColumnOf(rows, kOperation));
  const auto& operations = static_cast<const arrow::StringArray&>(*column);
  std::vector<model::KeyedEvent> events;
  events.reserve(positions.size());
  for (size_t i = 0; i < positions.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    events.push_back({.key = keys[i],
                      .position = positions[i],
                      .is_delete = operations.GetView(row) == "D",
                      .row = row});
  }
  return events;
}

Result<std::shared_ptr<arrow::RecordBatch>> HistoryRows(
    const arrow::RecordBatch& flattened, const std::vector<model::Interval>& intervals) {
  CALVE_ASSIGN(const IntervalColumns interval, MakeIntervalColumns(intervals));
  CALVE_ASSIGN(auto deleted, DeletedColumn(flattened));
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < flattened.num_columns(); ++i) {
    if (flattened.schema()->field(i)->name() != kEventTime) {
      fields.push_back(flattened.schema()->field(i));
      columns.push_back(flattened.column(i));
    }
  }
  fields.push_back(arrow::field(kValidFrom, InstantType(), /*nullable=*/false));
  fields.push_back(arrow::field(kValidTo, InstantType()));
  fields.push_back(arrow::field(kIsCurrent, arrow::boolean(), /*nullable=*/false));
  fields.push_back(arrow::field(kIsDeleted, arrow::boolean(), /*nullable=*/false));
  columns.insert(columns.end(), {interval.valid_from, interval.valid_to,
                                 interval.is_current, std::move(deleted)});
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), flattened.num_rows(),
                                  std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> WithIntervals(
    const arrow::RecordBatch& history, const std::vector<model::Interval>& intervals) {
  CALVE_ASSIGN(const IntervalColumns interval, MakeIntervalColumns(intervals));
  arrow::ArrayVector columns = history.columns();
  const auto replace = [&](const char* name, const std::shared_ptr<arrow::Array>& with) {
    columns[static_cast<size_t>(history.schema()->GetFieldIndex(name))] = with;
  };
  replace(kValidFrom, interval.valid_from);
  replace(kValidTo, interval.valid_to);
  replace(kIsCurrent, interval.is_current);
  return arrow::RecordBatch::Make(history.schema(), history.num_rows(),
                                  std::move(columns));
}

}  // namespace calve::flow
