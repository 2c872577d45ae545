#pragma once

/// \file flow/model_gain.h
/// What one batch or several did to one model's table.

#include <cstdint>

namespace calve::flow {

struct ModelGain {
  int64_t input_rows = 0;  // of the upstream, looked at
  int64_t inserted = 0;
  int64_t deleted = 0;  // rows replaced or removed
  int64_t quarantined = 0;

  ModelGain& operator+=(const ModelGain& more) {
    input_rows += more.input_rows;
    inserted += more.inserted;
    deleted += more.deleted;
    quarantined += more.quarantined;
    return *this;
  }
};

}  // namespace calve::flow
