#pragma once

/// \file flow/retry.h
/// Starting over when another writer was faster: it committed first, or it expired the
/// snapshot that was being read.

#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "core/result.h"

namespace calve::flow {

/// How often something that only reads starts over.
constexpr int kReadAttempts = 5;

/// Calls `attempt` (a Result or Status) until it ends in anything but kConflict, with
/// growing pauses. It must look at the tables anew each time. kNotFound counts as a
/// conflict unless the attempt before missed the same: what a table still needs is
/// missing again, what an expired snapshot needed is not asked for any more.
///
/// \return its last answer; after `most` conflicts the last one, with the remedy
template <typename Attempt>
auto RetryOnConflict(int most, const Attempt& attempt) -> decltype(attempt()) {
  std::string missed;
  for (int count = 1;; ++count) {
    auto result = attempt();
    const bool missing = !result && result.error().kind == ErrorKind::kNotFound &&
                         result.error().message != missed;
    if (result || (result.error().kind != ErrorKind::kConflict && !missing)) {
      return result;
    }
    missed = missing ? result.error().message : "";
    if (count == most) {
      return Error{ErrorKind::kConflict,
                   fmt::format("{}; gave up after {} attempts: other writers commit to "
                               "the same tables all the time, try again later",
                               result.error().message, count)};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * count));
  }
}

}  // namespace calve::flow
