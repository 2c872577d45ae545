#pragma once

/// \file table/manifest/avro_encoder.h
/// Writes Avro's binary encoding.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace calve::table::avro {

/// Appends values one after the other to its own buffer. Not thread-safe.
class Encoder {
 public:
  const std::string& bytes() const { return bytes_; }
  void Clear() { bytes_.clear(); }
  std::string TakeBytes() && { return std::move(bytes_); }

  void WriteBoolean(bool value);
  void WriteInt(int32_t value) { WriteLong(value); }
  void WriteLong(int64_t value);
  void WriteFloat(float value);
  void WriteDouble(double value);
  /// Bytes or a string, led by their length.
  void WriteBytes(std::string_view value);
  void WriteFixed(std::string_view value) { bytes_.append(value); }

  /// The branch of a union of null with another type.
  void WriteIsPresent(bool present) { WriteLong(present ? 1 : 0); }

 private:
  std::string bytes_;
};

}  // namespace calve::table::avro
