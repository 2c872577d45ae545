#pragma once

/// \file landing/ledger_json_internal.h
/// Ledger entries and checkpoints as JSON.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "landing/ledger.h"

namespace calve::landing {

std::string EntryToJson(int64_t number, const LedgerEntry& entry);
/// kCorrupt, with `location`, if the text is no entry.
Result<LedgerEntry> EntryFromJson(const std::string& text, const std::string& location);

struct LedgerCheckpoint {
  std::string cursor;
  std::map<std::string, std::vector<LandedFile>> labels;  // of all entries up to it
  std::vector<std::string> keys;  // of the entries since the checkpoint before it

  bool operator==(const LedgerCheckpoint&) const = default;
};

std::string CheckpointToJson(int64_t number, const LedgerCheckpoint& checkpoint);
/// kCorrupt, with `location`, if the text is no checkpoint.
Result<LedgerCheckpoint> CheckpointFromJson(const std::string& text,
                                            const std::string& location);

}  // namespace calve::landing
