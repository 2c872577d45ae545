#pragma once

/// \file flow/contract_diff.h
/// What payloads hold and contracts do not name. Reads only.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/contract.h"
#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "model/field_census.h"

namespace calve::flow {

/// A field of a flatten model's payloads that its contract does not name.
struct NewField {
  std::string model;
  std::string field;
  std::string column;     // where it propagates to
  bool in_table = false;  // whether the table has that column
  model::FieldValues values;
};

struct ContractDiff {
  std::vector<NewField> fields;  // by model, then by field
  /// Occurrences of fields past model::FieldCensus::kMaxFields, which are not listed.
  int64_t overflow = 0;
};

/// Counts the fields that the selected flatten models do not name, over the payloads of
/// all events that are staged for them, also of those in quarantine for another reason.
///
/// \param candidate  a type to count misfits of
/// Cost: one scan of raw_data for each flatten model, memory by the number of fields.
Result<ContractDiff> CompareWithContract(
    const Pipeline& pipeline, const std::string& select,
    const std::optional<contract::ColumnType>& candidate, Progress& progress);

}  // namespace calve::flow
