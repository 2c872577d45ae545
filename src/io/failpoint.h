#pragma once

/// \file io/failpoint.h
/// Named places at which a test makes the process die, stop or fail, so that what a crash
/// leaves behind can be tried at every step. Nothing happens unless the environment asks:
///
///   CALVE_FAILPOINT=<action>@<n>   acts when the n-th place is passed (from 1), whatever
///                                  its name; actions: kill (SIGKILL to the process
///                                  itself), stop (SIGSTOP), error (kUnavailable)
///   CALVE_FAILPOINT_LOG=<file>     appends a line for each place passed: its name and
///                                  what it was about to touch

#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::io {

/// Passes a place. Thread-safe.
/// \param detail  what is touched: a location, a table
/// \return kUnavailable if this is the place that is to fail
Status Failpoint(std::string_view name, std::string_view detail);

/// A choice of the environment's, parsed.
struct FailpointPlan {
  enum class Action { kNone, kKill, kStop, kError };
  Action action = Action::kNone;
  long long at = 0;  // the place, counted from 1
};

/// Parses `kill@17`; kInvalidArgument with the forms that exist.
Result<FailpointPlan> ParseFailpoint(std::string_view text);

}  // namespace calve::io
