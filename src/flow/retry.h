#pragma once

/// \file flow/retry.h
/// Starting over when another writer was faster.

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "core/result.h"

namespace calve::flow {

/// Calls `attempt` (a Result or Status) until it ends in anything but kConflict, with
/// growing pauses. It must look at the tables anew each time.
/// \return its last answer; after `most` conflicts the last one, with the remedy
template <typename Attempt>
auto RetryOnConflict(int most, const Attempt& attempt) -> decltype(attempt()) {
  for (int count = 1;; ++count) {
    auto result = attempt();
    if (result || result.error().kind != ErrorKind::kConflict) {
      return result;
    }
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
