#pragma once

/// \file model/violation.h
/// A row that broke a rule of its contract.

#include <cstdint>
#include <string>
#include <vector>

namespace calve::model {

/// Why a row of a batch is quarantined; the first rule it broke, rules taken in the order
/// payload, key, columns, checks.
struct Violation {
  int64_t row = 0;  // in the batch that was given
  /// id_conflict, payload, cast, not_null, accepted_values, check, unmapped_field or
  /// too_many_fields
  std::string rule;
  std::string column;  // empty if the rule is of the whole row
  std::string reason;  // one sentence; may quote the value, shortened
};

}  // namespace calve::model
