#include "model/flatten.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "core/unfit_event.h"
#include "model/payload_column_internal.h"
#include "model/payload_reader_internal.h"
#include "model/row_check.h"
#include "model/row_members_internal.h"
#include "model/row_rules_internal.h"
#include "model/source_filter_internal.h"

namespace calve::model {
namespace {

using contract::SchemaEvolution;

/// The model's columns by where their values come from.
struct Layout {
  std::vector<int> copied;  // positions in the staged batch, of copied columns
  RowMembers::Settings members;
  /// Of each model column, in order: its place in `copied`, or in members.contracted.
  struct Place {
    bool is_copied;
    size_t index;
  };
  std::vector<Place> places;
};

Layout LayOut(const contract::Model& model) {
  Layout layout;
  layout.members.keep_others = model.schema_evolution != SchemaEvolution::kContract;
  for (const contract::Column& column : model.columns) {
    layout.members.taken.insert(column.name);
    if (const int position = CopiedColumn(column); position >= 0) {
      layout.places.push_back({.is_copied = true, .index = layout.copied.size()});
      layout.copied.push_back(position);
    } else {
      layout.places.push_back(
          {.is_copied = false, .index = layout.members.contracted.size()});
      layout.members.contracted.push_back(column.source_field);
    }
  }
  return layout;
}

/// The rows with these indices, which ascend.
Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::vector<int64_t>& rows) {
  const auto count = static_cast<int64_t>(rows.size());
  if (count == 0 || rows.back() - rows.front() + 1 == count) {
    return batch->Slice(count == 0 ? 0 : rows.front(), count);
  }
  const arrow::Int64Array indices(count, arrow::Buffer::Wrap(rows));
  CALVE_ASSIGN(
      const arrow::Datum taken,
      FromArrow(arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                     arrow::compute::TakeOptions::NoBoundsCheck())));
  return taken.record_batch();
}

/// Flattens a batch row by row; columns grow by the rows that are kept.
class Flattener {
 public:
  Flattener(const arrow::RecordBatch& staged, const contract::Model& model,
            const std::vector<std::string>& not_null)
      : staged_(staged),
        model_(model),
        layout_(LayOut(model)),
        members_(layout_.members),
        rules_(staged, model, not_null),
        payloads_(
            static_cast<const arrow::StringArray&>(*staged.column(kRawDataColumn))) {}

  Status Prepare() {
    for (size_t i = 0; i < model_.columns.size(); ++i) {
      if (!layout_.places[i].is_copied) {
        CALVE_ASSIGN(columns_.emplace_back(),
                     PayloadColumn::Make(model_.columns[i], staged_.num_rows()));
      }
    }
    return {};
  }

  /// \param broken  rows that broke a check, ascending: violations without more ado
  Status Run(const std::vector<Violation>& broken) {
    const SourceFilter filter(*staged_.column(kTableSchemaColumn),
                              *staged_.column(kTableNameColumn), model_.source_table);
    auto next = broken.begin();
    for (int64_t row = 0; row < staged_.num_rows(); ++row) {
      if (next != broken.end() && next->row == row) {
        plan_.violations.push_back(*next++);
      } else if (filter.Has(row)) {
        CALVE_TRY(Add(row));
      }
    }
    return {};
  }

  /// The row of the batch that an output row comes from.
  int64_t RowOf(int64_t output_row) const {
    return kept_[static_cast<size_t>(output_row)];
  }

  Result<FlattenPlan> Finish() {
    const auto rows = static_cast<int64_t>(kept_.size());
    CALVE_ASSIGN(const auto copied, CopyColumns());
    arrow::ArrayVector arrays;
    for (const Layout::Place& place : layout_.places) {
      if (place.is_copied) {
        arrays.push_back(copied->column(static_cast<int>(place.index)));
      } else {
        CALVE_ASSIGN(arrays.emplace_back(), columns_[place.index]->Finish());
      }
    }
    arrow::FieldVector fields = ModelSchema(model_)->fields();
    CALVE_ASSIGN(arrow::ArrayVector extras, extras_.Finish(rows));
    for (const std::string& name : extras_.names()) {
      fields.push_back(arrow::field(name, arrow::utf8()));
    }
    std::move(extras.begin(), extras.end(), std::back_inserter(arrays));
    plan_.extra_columns = extras_.names();
    plan_.rows = arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(arrays));
    return std::move(plan_);
  }

 private:
  Status Add(int64_t row) {
    if (auto violation = Stage(row)) {
      violation->row = row;
      plan_.violations.push_back(std::move(*violation));
      return {};
    }
    return Keep(row);
  }

  /// Reads and checks a row, and stages its values. \return what it broke
  std::optional<Violation> Stage(int64_t row) {
    if (payloads_.IsNull(row)) {
      return PayloadViolation("it is null");
    }
    const std::string_view payload = payloads_.GetView(row);
    if (const auto reason = reader_.Read(payload, ReadableBytes(payload))) {
      const auto mark = ReadUnfitMark(payload);
      return mark ? UnfitViolation(*mark) : PayloadViolation(*reason);
    }
    members_.Take(row, reader_.members());
    if (auto violation = rules_.Check(row, members_, columns_)) {
      return violation;
    }
    return model_.schema_evolution == SchemaEvolution::kPropagate ? CheckOthers()
                                                                  : std::nullopt;
  }

  /// Whether each member that is not contracted can have a column of its own.
  std::optional<Violation> CheckOthers() const {
    if (const std::string* unmapped = members_.Unmapped()) {
      return UnmappedViolation(*unmapped);
    }
    return members_.other_count() > kMaxExtraColumns
               ? std::optional(TooManyFieldsViolation(members_.other_count()))
               : std::nullopt;
  }

  Status Keep(int64_t row) {
    if (model_.schema_evolution == SchemaEvolution::kFail) {
      if (const std::string* name = members_.AnyOther()) {
        return Error{
            ErrorKind::kContractViolation,
            fmt::format(
                "new_field: model {} has `schema_evolution: fail`, and its source has "
                "the field {}, which its contract does not name; add it to {}, or let "
                "it propagate",
                model_.name, Shortened(*name), model_.file)};
      }
    }
    for (size_t i = 0; i < columns_.size(); ++i) {
      const PayloadMember* member = members_.Find(i);
      const bool null = member == nullptr || member->is_null;
      CALVE_TRY(null ? columns_[i]->AppendNull() : columns_[i]->Append());
    }
    CALVE_TRY(members_.AppendOthers(static_cast<int64_t>(kept_.size()), extras_));
    kept_.push_back(row);
    return {};
  }

  /// How far memory can be read from a payload on: to the end of the batch's buffer.
  size_t ReadableBytes(std::string_view payload) const {
    const auto& buffer = payloads_.value_data();
    if (buffer == nullptr) {
      return payload.size();
    }
    const char* end = reinterpret_cast<const char*>(buffer->data()) + buffer->size();
    return static_cast<size_t>(end - payload.data());
  }

  Result<std::shared_ptr<arrow::RecordBatch>> CopyColumns() const {
    CALVE_ASSIGN(const auto selected, FromArrow(staged_.SelectColumns(layout_.copied)));
    return TakeRows(selected, kept_);
  }

  const arrow::RecordBatch& staged_;  // Outlives this object, as does the model.
  const contract::Model& model_;
  Layout layout_;
  RowMembers members_;
  RowRules rules_;
  const arrow::StringArray& payloads_;
  PayloadReader reader_;
  std::vector<std::unique_ptr<PayloadColumn>> columns_;  // by members.contracted
  ExtraColumns extras_;
  std::vector<int64_t> kept_;  // rows of the batch, ascending
  FlattenPlan plan_;
};

/// The rows that break a check of the model, by the row of the staged batch.
Result<std::vector<Violation>> BrokenChecks(const FlattenPlan& plan,
                                            const Flattener& flattener,
                                            const std::vector<BoundCheck>& checks) {
  std::map<int64_t, Violation> by_row;  // the first check that a row breaks
  for (const BoundCheck& bound : checks) {
    CALVE_ASSIGN(const auto rows, bound.row_check.Broken(*plan.rows));
    for (const int64_t row : rows) {
      by_row.try_emplace(flattener.RowOf(row), CheckViolation(*bound.check));
    }
  }
  std::vector<Violation> broken;
  for (auto& [row, violation] : by_row) {
    violation.row = row;
    broken.push_back(std::move(violation));
  }
  return broken;
}

Result<FlattenPlan> FlattenWithout(const std::vector<Violation>& broken,
                                   Flattener& flattener) {
  CALVE_TRY(flattener.Prepare());
  CALVE_TRY(flattener.Run(broken));
  return flattener.Finish();
}

}  // namespace

Result<FlattenPlan> Flatten(const arrow::RecordBatch& staged,
                            const contract::Model& model,
                            const std::vector<std::string>& not_null) {
  CALVE_ASSIGN(const std::vector<BoundCheck> checks, BindChecks(model));
  Flattener flattener(staged, model, not_null);
  CALVE_ASSIGN(FlattenPlan plan, FlattenWithout({}, flattener));
  CALVE_ASSIGN(const auto broken, BrokenChecks(plan, flattener, checks));
  if (broken.empty()) {
    return plan;
  }
  // Once more from the start: a row that is not kept adds no column.
  Flattener without(staged, model, not_null);
  return FlattenWithout(broken, without);
}

std::shared_ptr<arrow::Schema> ModelSchema(const contract::Model& model) {
  arrow::FieldVector fields;
  for (const contract::Column& column : model.columns) {
    fields.push_back(arrow::field(column.name, ArrowTypeOf(column.type),
                                  /*nullable=*/!column.not_null));
  }
  return arrow::schema(fields);
}

}  // namespace calve::model
