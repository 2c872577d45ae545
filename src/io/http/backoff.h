#pragma once

/// \file io/http/backoff.h
/// When to try again: later each time, and at random, so that many clients do not come
/// back together.

#include <chrono>
#include <cstdint>

namespace calve::io {

struct BackoffOptions {
  int attempts = 8;  // with the first
  std::chrono::milliseconds first{50};
  std::chrono::milliseconds longest{5'000};
};

/// The pauses of one request. Not thread-safe.
class Backoff {
 public:
  /// \param seed  chance; another one for each request
  Backoff(const BackoffOptions& options, uint64_t seed)
      : options_(options), state_(seed | 1U) {}

  /// Sleeps before the next attempt. \return false, at once, if there is none left
  bool Wait();

  /// What Wait would sleep next: between half and all of a span that doubles.
  std::chrono::milliseconds NextPause();

 private:
  BackoffOptions options_;
  uint64_t state_;
  int attempt_ = 1;
};

}  // namespace calve::io
