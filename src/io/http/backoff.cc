#include "io/http/backoff.h"

#include <algorithm>
#include <thread>

namespace calve::io {

std::chrono::milliseconds Backoff::NextPause() {
  constexpr int kMostDoublings = 20;
  const int64_t doubled = options_.first.count()
                          << std::min(attempt_ - 1, kMostDoublings);
  const int64_t whole = std::min<int64_t>(doubled, options_.longest.count());
  // xorshift64: chance is needed, not secrecy.
  state_ ^= state_ << 13U;
  state_ ^= state_ >> 7U;
  state_ ^= state_ << 17U;
  const int64_t half = whole / 2;
  const auto spread = static_cast<uint64_t>(whole - half + 1);
  return std::chrono::milliseconds(half + static_cast<int64_t>(state_ % spread));
}

bool Backoff::Wait() {
  if (attempt_ >= options_.attempts) {
    return false;
  }
  std::this_thread::sleep_for(NextPause());
  ++attempt_;
  return true;
}

}  // namespace calve::io
