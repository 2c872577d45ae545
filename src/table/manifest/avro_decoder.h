#pragma once

/// \file table/manifest/avro_decoder.h
/// Avro's binary encoding, value by value. Bytes are not trusted: every failure is
/// kCorrupt with its offset, and work is bounded by the number of bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::table::avro {

/// The same error, its message led by where it happened.
Error Within(std::string_view where, const Error& error);

/// Reads values one after the other from bytes that outlive it. Views that it hands out
/// point into them. After a failure the position is of no use. Not thread-safe.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes);

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }

  Result<bool> ReadBoolean();
  /// Zigzag varint in 32 bits; one that needs more is kCorrupt.
  Result<int32_t> ReadInt();
  Result<int64_t> ReadLong();
  Result<float> ReadFloat();
  Result<double> ReadDouble();
  /// Bytes or a string, led by their length.
  Result<std::string_view> ReadBytes();
  Result<std::string_view> ReadFixed(size_t size);

  /// The number of items in the next block of an array or map; 0 ends it. The size that a
  /// negative count brings along is checked against what is left.
  Result<int64_t> ReadItemCount();

  /// Pays for a step that may read nothing (an item of an array, a value skipped). Fails
  /// once there were more of them than the bytes can account for, so that a schema whose
  /// values take no bytes cannot keep a reader busy.
  Status PayStep();

  /// A kCorrupt error that names the position.
  Error Corrupt(std::string_view what) const;

 private:
  std::string_view bytes_;
  size_t position_ = 0;
  size_t steps_left_;
};

}  // namespace calve::table::avro
