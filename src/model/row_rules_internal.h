#pragma once

/// \file model/row_rules_internal.h
/// The rules that a row keeps by itself, and how breaking one is told.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/unfit_event.h"
#include "model/payload_column_internal.h"
#include "model/row_members_internal.h"
#include "model/violation.h"

namespace calve::model {

/// The row-local rules of a flatten model: those of key and order columns first.
class RowRules {
 public:
  /// \param staged    the batch whose rows are checked; outlives this object
  /// \param model     outlives this object
  /// \param not_null  the key and order columns
  RowRules(const arrow::RecordBatch& staged, const contract::Model& model,
           const std::vector<std::string>& not_null);

  /// Checks a row and stages its values in the columns that are not null.
  /// \param columns  the payload's, in the order of the contract
  /// \return the first rule it broke; `row` is not set
  std::optional<Violation> Check(
      int64_t row, const RowMembers& members,
      const std::vector<std::unique_ptr<PayloadColumn>>& columns) const;

 private:
  struct Rule {
    const contract::Column* column = nullptr;
    bool not_null = false;
    const arrow::Array* copied = nullptr;  // null: from the payload
    size_t payload_column = 0;
    std::vector<std::string> accepted;
  };

  static std::optional<Violation> CheckCopied(const Rule& rule, int64_t row);
  static std::optional<Violation> CheckPayload(const Rule& rule,
                                               const PayloadMember* member,
                                               PayloadColumn& column);

  std::vector<Rule> rules_;
};

/// A violation of the whole row: its payload is not one JSON object.
Violation PayloadViolation(std::string_view reason);
/// An event that was landed with a mark.
Violation UnfitViolation(const UnfitMark& mark);
/// A member that can have no column of its own.
Violation UnmappedViolation(std::string_view member);
/// A row for which a check constraint is false.
Violation CheckViolation(const contract::Check& check);
/// More members than a table may get columns for.
Violation TooManyFieldsViolation(size_t fields);

/// The value in backquotes, cut where it is long.
std::string Shortened(std::string_view value);

}  // namespace calve::model
