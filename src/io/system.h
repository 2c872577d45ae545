#pragma once

/// \file io/system.h
/// The machine's clock, randomness and hashing.

#include <string>
#include <string_view>

#include "core/clock.h"

namespace calve::io {

/// The system's real-time clock.
class SystemClock final : public Clock {
 public:
  TimestampUs Now() override;
};

/// UUIDs from the operating system's random bytes.
class SystemUuids final : public UuidSource {
 public:
  std::string Next() override;
};

/// The SHA-256 of bytes that arrive in pieces. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void Update(std::string_view bytes);

  /// The digest as 64 lower-case hex digits. Call once, last.
  std::string Finish();

 private:
  void* context_;  // EVP_MD_CTX
};

/// The SHA-256 of `bytes`, as 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace calve::io
