#pragma once

/// \file secrets/refused_internal.h
/// The error of what a repetition cannot help.

#include <string>
#include <utility>

#include "core/result.h"

namespace calve::secrets {

inline Error Refused(std::string message) {
  return {ErrorKind::kInvalidArgument, std::move(message)};
}

}  // namespace calve::secrets
