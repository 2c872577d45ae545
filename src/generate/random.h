#pragma once

/// \file generate/random.h
/// Pseudo-random numbers that are the same on every machine and with every standard
/// library, so that a seed names a file for good.

#include <array>
#include <bit>
#include <cstdint>

namespace calve::generate {

/// Scatters the bits of `value` (the SplitMix64 finaliser). A bijection.
constexpr uint64_t ScatterBits(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

/// The xoshiro256** generator of Blackman and Vigna, seeded by SplitMix64.
/// Not for secrets. Not thread-safe.
class Random {
 public:
  explicit constexpr Random(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      word = ScatterBits(seed);
    }
  }

  /// 64 random bits.
  constexpr uint64_t Next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// A number in [0, bound), or 0 where `bound` is 0. The bias is at most bound / 2^32.
  constexpr uint32_t Below(uint32_t bound) {
    return static_cast<uint32_t>(((Next() >> 32) * bound) >> 32);
  }

  /// True `per_mille` times in a thousand.
  constexpr bool Chance(uint32_t per_mille) { return Below(1000) < per_mille; }

 private:
  std::array<uint64_t, 4> state_{};
};

}  // namespace calve::generate
