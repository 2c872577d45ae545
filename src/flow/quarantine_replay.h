#pragma once

/// \file flow/quarantine_replay.h
/// Judges quarantined events again, by the contract as it is now.

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "flow/pipeline.h"
#include "flow/quarantined_rows.h"

namespace calve::flow {

/// What became of one model's open rows.
struct ReplayReport {
  std::string model;
  int64_t passed = 0;         // took their place in the tables, and left quarantine
  int64_t still_failing = 0;  // stay, with the reason that they now have
  /// Their id is another event's, which was staged first: only a discard settles them.
  int64_t conflicts = 0;
  /// The upstream does not hold the event, or not with this content, or it is of no table
  /// of this model's any more: they stay as they are.
  int64_t left_out = 0;
};

/// Takes the open rows that the filter lets pass through their model again, and what
/// keeps the contract on through the models downstream that have consumed all before it
/// (others take it in with the next transform). All that a batch of rows changes,
/// quarantine and tables, is one commit; rows above the limit of a batch take several.
/// Beside a transform or another replay the loser starts over: an event that is in the
/// model already only leaves quarantine.
///
/// \return by model, upstream first; models without open rows are left out. kNotFound,
///         and nothing is done, if an id of the filter is in no table
Result<std::vector<ReplayReport>> ReplayQuarantined(const Pipeline& pipeline,
                                                    const QuarantineFilter& filter);

}  // namespace calve::flow
