#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "core/event.h"
#include "flow/model_step.h"
#include "flow/model_table.h"
#include "flow/new_columns.h"
#include "flow/stored_events.h"
#include "model/dedupe.h"
#include "model/flatten.h"

namespace calve::flow {
namespace {

/// Rows whose event id is, or is not, null.
std::vector<int64_t> RowsByNullId(const arrow::RecordBatch& landed, bool null) {
  const arrow::Array& ids = *landed.column(kEventIdColumn);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < landed.num_rows(); ++i) {
    if (ids.IsNull(i) == null) {
      rows.push_back(i);
    }
  }
  return rows;
}

/// Another writer's event without an id: it has no place in any order.
std::vector<model::Violation> NullIdViolations(const arrow::RecordBatch& landed) {
  std::vector<model::Violation> violations;
  for (const int64_t row : RowsByNullId(landed, /*null=*/true)) {
    violations.push_back({.row = row,
                          .rule = "not_null",
                          .column = "audit_event_id",
                          .reason = "audit_event_id is null"});
  }
  return violations;
}

/// Writes the step's output rows as an append.
Status WriteOutput(const StepContext& context, StepResult& result) {
  result.inserted = result.output->num_rows();
  if (result.inserted == 0) {
    return {};
  }
  CALVE_ASSIGN(result.written,
               WriteRows(context.pipeline, context.update, {result.output}));
  return context.update.Append(result.written);
}

/// Rows of the batch whose event the table does not hold.
Result<std::shared_ptr<arrow::RecordBatch>> WithoutStored(
    const StepContext& context, const std::shared_ptr<arrow::RecordBatch>& staged) {
  CALVE_ASSIGN(const auto stored,
               FindStoredIds(*context.pipeline.store, context.update.base(), *staged));
  if (stored.empty()) {
    return staged;
  }
  const auto& ids =
      static_cast<const arrow::Int64Array&>(*staged->column(kEventIdColumn));
  std::vector<int64_t> fresh;
  for (int64_t i = 0; i < ids.length(); ++i) {
    if (!stored.contains(ids.Value(i))) {
      fresh.push_back(i);
    }
  }
  return TakeRows(staged, fresh);
}

}  // namespace

Result<StepResult> DedupeStep(const StepContext& context,
                              const std::shared_ptr<arrow::RecordBatch>& landed) {
  StepResult result;
  result.judged = landed;
  result.violations = NullIdViolations(*landed);
  std::shared_ptr<arrow::RecordBatch> events = landed;
  const std::vector<int64_t> with_id = RowsByNullId(*landed, /*null=*/false);
  if (!result.violations.empty()) {
    CALVE_ASSIGN(events, TakeRows(landed, with_id));
  }
  CALVE_ASSIGN(const StoredPrints prints,
               FindStoredPrints(*context.pipeline.store, context.update.base(), *events));
  model::StoredEvents stored;
  for (const auto& [id, of_id] : prints) {
    stored.emplace(id, *of_id.begin());
  }
  model::DedupePlan plan = model::PlanDedupe(*events, stored);
  for (model::Violation& conflict : plan.conflicts) {
    conflict.row = with_id[static_cast<size_t>(conflict.row)];
    result.violations.push_back(std::move(conflict));
  }
  CALVE_ASSIGN(result.output, TakeRows(events, plan.kept));
  CALVE_TRY(WriteOutput(context, result));
  return result;
}

Result<StepResult> FlattenStep(const StepContext& context,
                               const std::shared_ptr<arrow::RecordBatch>& staged,
                               const std::vector<std::string>& not_null) {
  StepResult result;
  CALVE_ASSIGN(result.judged, WithoutStored(context, staged));
  CALVE_ASSIGN(model::FlattenPlan plan,
               model::Flatten(*result.judged, context.model, not_null));
  result.violations = std::move(plan.violations);
  result.output = std::move(plan.rows);
  CALVE_TRY(AdoptNewColumns(context, *result.output));
  CALVE_TRY(WriteOutput(context, result));
  return result;
}

}  // namespace calve::flow
