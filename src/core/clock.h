#pragma once

/// \file core/clock.h
/// Time and chance as arguments, so that a test replays them. The real ones are in
/// io/system.h.

#include <string>

#include "core/timestamp.h"

namespace calve {

/// Tells the time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimestampUs Now() = 0;

 protected:
  Clock() = default;
  Clock(const Clock&) = default;
  Clock& operator=(const Clock&) = default;
};

/// Hands out random version-4 UUIDs as text, such as
/// `0b1d6a86-5ec1-4c39-9a0c-2a4f5f4f8a11`. Thread-safe.
class UuidSource {
 public:
  virtual ~UuidSource() = default;
  virtual std::string Next() = 0;

 protected:
  UuidSource() = default;
  UuidSource(const UuidSource&) = default;
  UuidSource& operator=(const UuidSource&) = default;
};

}  // namespace calve
