#include "app/interrupt.h"

#include <atomic>
#include <csignal>
#include <thread>

#include <fmt/format.h>

namespace calve::app {
namespace {

// Signals know no other.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void OnSignal(int signal) {
  if (interrupted.exchange(true)) {
    // The second time: as if nobody had caught it.
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void CatchSignals() {
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  std::signal(SIGPIPE, SIG_IGN);
}

bool Interrupted() {
  return interrupted.load();
}

void ClearInterrupt() {
  interrupted.store(false);
}

Status CheckInterrupt(const char* after) {
  if (!Interrupted()) {
    return {};
  }
  return Error{
      ErrorKind::kCancelled,
      fmt::format("interrupted after {}; the same command goes on from there", after)};
}

void SleepInterruptibly(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds kSlice(50);
  const auto end = std::chrono::steady_clock::now() + time;
  while (!Interrupted() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kSlice);
  }
}

}  // namespace calve::app
