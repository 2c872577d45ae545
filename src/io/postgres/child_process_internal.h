#pragma once

/// \file io/postgres/child_process_internal.h
/// Programs of PostgreSQL, run to their end.

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"

namespace calve::postgres {

/// Runs a program, without a shell, and waits for it. Its output goes to the file
/// `log_path`, which is written anew.
///
/// \param arguments  the program, as a path or to be found in PATH, and its arguments
/// \return its exit code (128 + n where signal n ended it), or kNotFound, kUnavailable if
///         it can't be started
Result<int> RunProgram(const std::vector<std::string>& arguments,
                       const std::string& log_path);

/// The ids of a process and of all its children. Empty if it is gone.
std::vector<pid_t> ProcessFamily(pid_t parent);

/// Whether a process is there, not merely its unread exit code.
bool IsRunning(pid_t pid);

}  // namespace calve::postgres
