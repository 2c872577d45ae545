#pragma once

/// \file landing/long_payload.h
/// A payload that comes piece by piece: kept up to a limit, beyond it only hashed.

#include <cstdint>
#include <string>
#include <string_view>

#include "io/system.h"

namespace calve::landing {

class LongPayload {
 public:
  explicit LongPayload(int64_t max_bytes) : max_bytes_(max_bytes) {}

  void Append(std::string_view piece);

  /// The payload or, if it is above the limit, the mark that stands for it.
  std::string Finish() &&;

 private:
  int64_t max_bytes_;
  int64_t bytes_ = 0;
  std::string text_;  // empty once it is above the limit
  io::Sha256 hash_;   // of what was given up
};

}  // namespace calve::landing
