#pragma once

/// \file io/child_process.h
/// Another program, run without a shell: what it prints is read line by line.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"

namespace calve::io {

struct ProgramCall {
  /// The program, as a path or to be found in our PATH, and its arguments. Others can
  /// read them: nothing secret.
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // all of it, as NAME=value
};

/// A running program. It has no input, and a process group of its own: signals that a
/// terminal sends come to us alone. Not thread-safe.
class ChildProcess {
 public:
  /// Starts it.
  /// \return kNotFound if there is no such program; kUnavailable if it can't be started
  static Result<std::unique_ptr<ChildProcess>> Start(const ProgramCall& call);

  ChildProcess() = default;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Kills what still runs.
  virtual ~ChildProcess() = default;

  enum class Output : uint8_t { kLine, kNothingYet, kEnd };

  /// Waits for the next line of its output, no longer than `timeout`, and reads its error
  /// output beside. \param line  set where there is one, without the line break
  virtual Output Next(std::string& line, std::chrono::milliseconds timeout) = 0;

  /// The last 8 KiB of its error output so far.
  virtual const std::string& error_output() const = 0;

  /// Waits for its end. \return its exit code, 128 + n where signal n ended it
  virtual int Wait() = 0;

  /// Asks it and its children to end, by SIGINT, then SIGTERM, then SIGKILL, each after
  /// `patience`; waits for its end. What it still prints is dropped.
  virtual void Stop(std::chrono::milliseconds patience) = 0;
};

}  // namespace calve::io
