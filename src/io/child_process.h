#pragma once

/// \file io/child_process.h
/// Another program, run without a shell: what it prints is read line by line, or goes
/// into a file.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace calve::io {

struct ProgramCall {
  /// The program, as a path or to be found in our PATH, and its arguments. Others can
  /// read them: nothing secret.
  std::vector<std::string> arguments;
  /// All of it, as NAME=value; nullopt: ours.
  std::optional<std::vector<std::string>> environment = {};
  /// Takes what it prints, and what it prints as errors, written anew; empty: we read it.
  /// For a program that leaves others running behind it, which print on.
  std::string output_file = {};
};

/// A running program. It has no input, and a process group of its own: signals that a
/// terminal sends come to us alone. If we die without stopping it, it gets a SIGTERM; as
/// Linux takes the thread that started it for us, that thread has to outlive it. Not
/// thread-safe.
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
  /// output beside. A line beyond 16 MiB comes in pieces.
  /// \param line  set where there is one, without the line break
  /// \return kEnd once it has closed its output, or has ended
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
