#pragma once

/// \file tests/support/manual_clock.h
/// Time that stands still until a test moves it, and chance that repeats.

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <random>
#include <string>

#include "core/clock.h"

namespace calve::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t now_ms) : now_us_(now_ms * 1000) {}
  TimestampUs Now() override { return {now_us_}; }
  void AdvanceMs(int64_t ms) { now_us_ += ms * 1000; }

 private:
  int64_t now_us_;
};

/// UUIDs from a seed. Thread-safe.
class SeededUuids final : public UuidSource {
 public:
  explicit SeededUuids(uint64_t seed) : random_(seed) {}

  std::string Next() override {
    const std::lock_guard lock(mutex_);
    const uint64_t high = random_();
    const uint64_t low = random_();
    char text[37];
    std::snprintf(text, sizeof(text), "%08x-%04x-4%03x-%04x-%012llx",
                  static_cast<unsigned>(high >> 32),
                  static_cast<unsigned>(high >> 16) & 0xFFFFU,
                  static_cast<unsigned>(high) & 0xFFFU,
                  (static_cast<unsigned>(low >> 48) & 0x3FFFU) | 0x8000U,
                  static_cast<unsigned long long>(low & 0xFFFF'FFFF'FFFFULL));
    return text;
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_;
};

}  // namespace calve::testing
