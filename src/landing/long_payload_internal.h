#pragma once

/// \file landing/long_payload_internal.h
/// A payload that comes piece by piece: kept up to a limit, beyond it only hashed.

#include <cstddef>
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

/// What of a buffer belongs to a payload.
struct PayloadPiece {
  size_t used = 0;  // bytes, the closing quote too
  bool ended = false;
  std::string_view problem;  // empty if there is none
};

/// Appends to `payload` what of `bytes` belongs to it. Fewer bytes may be used than there
/// are: a quote at the end may be one of two.
///
/// \param quoted  whether the payload is in quotes; the opening one is before `bytes`
/// \param last  whether the file ends with `bytes`
PayloadPiece TakePayloadPiece(std::string_view bytes, bool quoted, bool last,
                              LongPayload& payload);

}  // namespace calve::landing
