#pragma once

/// \file support/fails_with.h
/// A matcher of errors by what the caller can do about them.

#include <gmock/gmock.h>

namespace calve {

MATCHER_P(FailsWith, kind, "") {
  return !arg && arg.error().kind == kind;
}

}  // namespace calve
