#pragma once

/// \file model/row_check.h
/// Conditions of a contract, held against rows: on the way in and on tables at rest.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"

namespace calve::model {

/// A condition on the columns of a model, in SQL's logic of three values. A value.
class RowCheck {
 public:
  /// Binds a condition to the model's columns.
  /// \return kInvalidArgument: a part of a sentence naming a constant that is no value of
  ///         its column's type (`1.5` for an integer, more digits than a decimal holds)
  static Result<RowCheck> Bind(const contract::Condition& condition,
                               const contract::Model& model);
  /// That a column is not null.
  static RowCheck NotNull(const contract::Column& column);
  /// That a column has one of its accepted values, or is null. One that is no value of
  /// the column's type equals nothing.
  static RowCheck Accepted(const contract::Column& column);

  /// The rows for which the condition is false, ascending; unknown passes.
  /// \param rows  with the condition's columns, in the types of the contract
  /// \return kInvalidArgument if a column is missing or has another type
  Result<std::vector<int64_t>> Broken(const arrow::RecordBatch& rows) const;

  struct Node;

 private:
  explicit RowCheck(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

  // Shared by copies, never changed.
  std::shared_ptr<const Node> root_;
};

/// A check constraint of a model, bound.
struct BoundCheck {
  const contract::Check* check = nullptr;
  RowCheck row_check;
};

/// Binds the check constraints of a model, which outlives the result.
/// \return kInvalidArgument: `<file>:<line>: ` and what is wrong with a constant
Result<std::vector<BoundCheck>> BindChecks(const contract::Model& model);

}  // namespace calve::model
