#pragma once

/// \file flow/quarantine_discard.h
/// Gives quarantined events up, on record.

#include <cstdint>
#include <map>
#include <string>

#include "core/result.h"
#include "flow/pipeline.h"
#include "flow/quarantined_rows.h"

namespace calve::flow {

/// Marks the open rows that the filter lets pass as discarded, with a note, in all
/// tables at once. They stay, so that a rescan does not quarantine their events again.
/// Repeating it does nothing.
///
/// \return how many rows were discarded, by model; kNotFound, and nothing is done, if one
///         of the filter's ids is in none of the tables
Result<std::map<std::string, int64_t>> DiscardQuarantined(const Pipeline& pipeline,
                                                          const QuarantineFilter& filter,
                                                          const std::string& note);

}  // namespace calve::flow
