#pragma once

/// \file model/key.h
/// Keys of rows, and an event's place in its key's order: what the mart models think in.

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"
#include "core/timestamp.h"

namespace calve::model {

/// A key's values, encoded so that equal keys and only they have equal bytes. A key of
/// one integer fits std::string's inline buffer.
using RowKey = std::string;

/// Encodes the key of every row. \return kInvalidArgument if a column is missing, is null
/// somewhere, or has a type that cannot be a key (real, double)
Result<std::vector<RowKey>> EncodeKeys(const arrow::RecordBatch& rows,
                                       const std::vector<std::string>& key_columns);

/// An event's place in the order of its key's events.
struct EventPosition {
  TimestampUs time;      // audit_timestamp
  int64_t event_id = 0;  // audit_event_id, unique

  bool operator==(const EventPosition&) const = default;
};

/// Whether `a` comes before `b`; equal ids are the same event.
bool Before(contract::EventOrder order, const EventPosition& a, const EventPosition& b);

}  // namespace calve::model
