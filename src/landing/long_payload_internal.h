#pragma once

/// \file landing/long_payload_internal.h
/// Takes a long payload out of a landing file, piece by piece.

#include <cstddef>
#include <string_view>

#include "landing/long_payload.h"

namespace calve::landing {

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
