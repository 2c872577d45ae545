#pragma once

/// \file core/arrow_status.h
/// Arrow's Status and Result become ours at the call. Include in .cc files only.

#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>

#include "core/result.h"

namespace calve {

/// Maps Arrow's codes: IOError is kUnavailable, Invalid and SerializationError are
/// kCorrupt, NotImplemented is kUnsupported, the others kInternal.
ErrorKind KindOf(const arrow::Status& status);

inline Status FromArrow(const arrow::Status& status) {
  if (status.ok()) {
    return {};
  }
  return Error{KindOf(status), status.message()};
}

template <typename T>
Result<T> FromArrow(arrow::Result<T> result) {
  if (result.ok()) {
    return std::move(result).ValueUnsafe();
  }
  return Error{KindOf(result.status()), result.status().message()};
}

}  // namespace calve
