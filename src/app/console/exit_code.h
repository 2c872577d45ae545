#pragma once

/// \file app/console/exit_code.h
/// How a command's end is told to whoever started it.

#include <string_view>

#include "core/result.h"

namespace calve::app {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,  // or a named halt
  kUsage = 2,   // wrong use or configuration, or not in this version
  kContractBroken = 3,
  kFoundSomething = 4,  // doctor, verify, fsck
  kTryAgain = 75,       // EX_TEMPFAIL: a repeat may do, and does no harm
  kInterrupted = 130,
};

ExitCode ExitCodeOf(ErrorKind kind);

/// `invalid_argument`, as in `-o json`.
std::string_view KindName(ErrorKind kind);

}  // namespace calve::app
