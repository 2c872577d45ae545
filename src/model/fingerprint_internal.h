#pragma once

/// \file model/fingerprint_internal.h
/// What an event says, as 128 bits.

#include <cstdint>
#include <memory>

#include <arrow/type_fwd.h>

#include "model/dedupe.h"

namespace calve::model {

/// Fingerprints of the rows of a batch, each made when it is asked for.
class RowFingerprints {
 public:
  /// \param landed  a batch of LandedEventSchema(); outlives this object
  explicit RowFingerprints(const arrow::RecordBatch& landed);

  Fingerprint Of(int64_t row) const;

 private:
  const arrow::RecordBatch& landed_;  // Outlives this object.
};

}  // namespace calve::model
