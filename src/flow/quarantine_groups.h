#pragma once

/// \file flow/quarantine_groups.h
/// What is quarantined, counted by model and reason.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/timestamp.h"
#include "flow/pipeline.h"
#include "flow/quarantined_rows.h"

namespace calve::flow {

/// The events of one model that broke one rule of one column.
struct QuarantineGroup {
  std::string model;
  std::string rule;
  std::string column;  // empty if the rule is of the whole event
  int64_t open = 0;
  int64_t discarded = 0;
  TimestampUs oldest;  // quarantined_at
  TimestampUs newest;
  /// The newest of them: what its reason says, and its id if it has one.
  std::string example_reason;
  std::optional<int64_t> example_id;
};

/// The groups of the rows that the filter lets pass, by model, rule and column.
/// Cost: reads all but the events themselves.
Result<std::vector<QuarantineGroup>> GroupQuarantined(const Pipeline& pipeline,
                                                      const QuarantineFilter& filter);

}  // namespace calve::flow
