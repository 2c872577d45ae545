#include "flow/verify_events.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/mart_rows.h"
#include "flow/model_table.h"
#include "model/flatten.h"

namespace calve::flow {
namespace {

using contract::Model;

/// The model, but a field that is not in the contract stops nothing.
Model ForJudging(Model model) {
  if (model.schema_evolution == contract::SchemaEvolution::kFail) {
    model.schema_evolution = contract::SchemaEvolution::kContract;
  }
  return model;
}

/// The model with no more columns and rules than a key needs.
Model KeyOnly(Model model, const std::vector<std::string>& key) {
  model.schema_evolution = contract::SchemaEvolution::kContract;
  std::erase_if(model.columns, [&](const contract::Column& column) {
    const bool of_key = std::find(key.begin(), key.end(), column.name) != key.end();
    return !of_key && column.name != kEventId && column.name != kOperation;
  });
  for (contract::Column& column : model.columns) {
    column.accepted_values.clear();
  }
  model.checks.clear();
  return model;
}

std::vector<int64_t> RowsOf(const std::vector<model::Violation>& violations) {
  std::vector<int64_t> rows;
  for (const model::Violation& violation : violations) {
    rows.push_back(violation.row);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

/// The rows, all of them insertions: even one of no valid operation has a key.
Result<std::shared_ptr<arrow::RecordBatch>> AsInsertions(
    const std::shared_ptr<arrow::RecordBatch>& landed) {
  CALVE_ASSIGN(auto operations, FromArrow(arrow::MakeArrayFromScalar(
                                    arrow::StringScalar("I"), landed->num_rows())));
  return FromArrow(landed->SetColumn(
      kOperationColumn, LandedEventSchema()->field(kOperationColumn), operations));
}

/// Whether each row deletes, from a flattened batch.
const arrow::StringArray* Operations(const arrow::RecordBatch& rows) {
  return static_cast<const arrow::StringArray*>(rows.GetColumnByName(kOperation).get());
}

Status SpoolRows(const arrow::RecordBatch& rows, const PrintLayout& layout, uint8_t flags,
                 PrintSpool& spool) {
  const arrow::StringArray* operations = Operations(rows);
  return PrintRows(rows, layout, [&](RowPrint& print, int64_t row) {
    const bool deletes = operations != nullptr && operations->GetView(row) == "D";
    print.flags = static_cast<uint8_t>(flags | (deletes ? kDelete : 0));
    return spool.Add(print);
  });
}

}  // namespace

FlattenedEvents::FlattenedEvents(const contract::Project& project, const Model& model,
                                 PrintLayout layout,
                                 const std::vector<std::vector<std::string>>& keys,
                                 io::ScratchFile& file, size_t buckets)
    : model_(&model),
      judging_(ForJudging(model)),
      not_null_(NeededByMarts(project, model)),
      layout_(std::move(layout)),
      by_event_(file, buckets) {
  for (const auto& key : keys) {
    PrintLayout keyed = layout_;
    keyed.key = key;
    by_key_.push_back({std::move(keyed), PrintSpool(file, buckets)});
  }
}

EventsByKey& FlattenedEvents::by_key(const std::vector<std::string>& key) {
  return *std::find_if(by_key_.begin(), by_key_.end(),
                       [&](const EventsByKey& keyed) { return keyed.layout.key == key; });
}

Status FlattenedEvents::Add(const std::shared_ptr<arrow::RecordBatch>& landed,
                            uint8_t flags) {
  CALVE_ASSIGN(const model::FlattenPlan plan,
               model::Flatten(*landed, judging_, not_null_));
  CALVE_TRY(SpoolRows(*plan.rows, layout_, flags, by_event_));
  for (EventsByKey& keyed : by_key_) {
    CALVE_TRY(SpoolRows(*plan.rows, keyed.layout, flags, keyed.spool));
  }
  if (plan.violations.empty()) {
    return {};
  }
  CALVE_ASSIGN(const auto broken, TakeRows(landed, RowsOf(plan.violations)));
  return AddBroken(broken, static_cast<uint8_t>(flags | kBroken));
}

Status FlattenedEvents::AddBroken(const std::shared_ptr<arrow::RecordBatch>& broken,
                                  uint8_t flags) {
  const auto& ids =
      static_cast<const arrow::Int64Array&>(*broken->column(kEventIdColumn));
  for (int64_t i = 0; i < ids.length(); ++i) {
    RowPrint print;
    print.event_id = ids.Value(i);
    print.flags = flags;
    CALVE_TRY(by_event_.Add(print));
  }
  for (EventsByKey& keyed : by_key_) {
    CALVE_TRY(AddKeysOfBroken(broken, flags, keyed.layout, keyed.spool));
  }
  return {};
}

Status FlattenedEvents::AddKeysOfBroken(const std::shared_ptr<arrow::RecordBatch>& broken,
                                        uint8_t flags, const PrintLayout& layout,
                                        PrintSpool& spool) const {
  CALVE_ASSIGN(const auto insertions, AsInsertions(broken));
  CALVE_ASSIGN(const model::FlattenPlan plan,
               model::Flatten(*insertions, KeyOnly(*model_, layout.key), layout.key));
  return PrintRows(*plan.rows, layout, [&](RowPrint& print, int64_t) {
    print.flags = flags;
    print.cells.clear();
    return spool.Add(print);
  });
}

Status FlattenedEvents::AddLive(const std::shared_ptr<arrow::RecordBatch>& landed,
                                const PrintLayout& layout, PrintSpool& spool) const {
  CALVE_ASSIGN(const model::FlattenPlan plan,
               model::Flatten(*landed, judging_, layout.key));
  CALVE_TRY(SpoolRows(*plan.rows, layout, /*flags=*/0, spool));
  if (plan.violations.empty()) {
    return {};
  }
  CALVE_ASSIGN(const auto broken, TakeRows(landed, RowsOf(plan.violations)));
  return AddKeysOfBroken(broken, kBroken, layout, spool);
}

Result<std::shared_ptr<arrow::RecordBatch>> AsLanded(const arrow::RecordBatch& events) {
  const arrow::TimestampScalar at(0,
                                  LandedEventSchema()->field(kIngestedAtColumn)->type());
  CALVE_ASSIGN(auto times, FromArrow(arrow::MakeArrayFromScalar(at, events.num_rows())));
  CALVE_ASSIGN(auto files, FromArrow(arrow::MakeArrayFromScalar(arrow::StringScalar("-"),
                                                                events.num_rows())));
  arrow::ArrayVector columns{std::move(times), std::move(files)};
  columns.insert(columns.end(), events.columns().begin(), events.columns().end());
  return arrow::RecordBatch::Make(LandedEventSchema(), events.num_rows(),
                                  std::move(columns));
}

}  // namespace calve::flow
