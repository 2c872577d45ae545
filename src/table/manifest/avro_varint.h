#pragma once

/// \file table/manifest/avro_varint.h
/// How a number's bits are spread over bytes. Spec: Avro "Binary Encoding", int and long.

#include <cstdint>

namespace calve::table::avro {

inline constexpr unsigned kPayloadBits = 7;
inline constexpr uint64_t kPayloadMask = 0x7f;
inline constexpr uint64_t kMoreBit = 0x80;  // another byte follows

}  // namespace calve::table::avro
