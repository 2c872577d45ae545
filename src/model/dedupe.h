#pragma once

/// \file model/dedupe.h
/// Keeps one row per event id: the first staged stays.

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "model/violation.h"

namespace calve::model {

/// A 128-bit hash of what an event says: every column but `ingested_at` and
/// `source_file`, nulls apart from empty strings.
using Fingerprint = std::array<uint64_t, 2>;

/// The fingerprint of each row. \param landed a batch of LandedEventSchema()
std::vector<Fingerprint> Fingerprints(const arrow::RecordBatch& landed);

/// The fingerprint of bytes, as of an encoded key.
Fingerprint FingerprintOf(std::string_view bytes);

/// Fingerprints by event id.
using StoredEvents = std::unordered_map<int64_t, Fingerprint>;

struct DedupePlan {
  /// Rows to keep, ascending.
  std::vector<int64_t> kept;
  /// Rows whose id is taken by an event with other content (`id_conflict`). Repeats with
  /// the same content are in neither list.
  std::vector<Violation> conflicts;
};

/// Chooses the rows of a batch that are new.
///
/// \param landed  a batch of LandedEventSchema(), ids not null
/// \param stored  the events that the table has already; it need only hold those whose id
/// is in
///                the batch
///
/// Cost: O(rows). Thread-safe.
DedupePlan PlanDedupe(const arrow::RecordBatch& landed, const StoredEvents& stored);

}  // namespace calve::model
