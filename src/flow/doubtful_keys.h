#pragma once

/// \file flow/doubtful_keys.h
/// Keys whose rows in a mart may be wrong, because an event of theirs is in quarantine.

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::flow {

struct DoubtfulKeys {
  std::string table;  // of a current or history model
  int64_t count = 0;
  /// The first in ascending order, as text; the values of several columns joined by
  /// commas.
  std::vector<std::string> keys;
};

/// The doubtful keys of every mart, those without any left out. An event counts while its
/// row is open, in the quarantine of the mart's flatten model or of what that reads, and
/// if its key can be read by the contract.
///
/// \param limit  how many keys to name of each table
/// Cost: reads the quarantined events; memory: the distinct keys.
Result<std::vector<DoubtfulKeys>> FindDoubtfulKeys(const Pipeline& pipeline,
                                                   int64_t limit);

}  // namespace calve::flow
