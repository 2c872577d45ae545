#pragma once

/// \file table/manifest/field_writer.h
/// Encodes the C++ types of manifest fields as their FieldShape has it. What is absent or
/// empty is null: our schemas make every such field optional.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "table/manifest/avro_encoder.h"

namespace calve::table {

inline void EncodeValue(int32_t value, avro::Encoder& encoder) {
  encoder.WriteInt(value);
}
inline void EncodeValue(int64_t value, avro::Encoder& encoder) {
  encoder.WriteLong(value);
}
inline void EncodeValue(bool value, avro::Encoder& encoder) {
  encoder.WriteBoolean(value);
}
inline void EncodeValue(const std::string& value, avro::Encoder& encoder) {
  encoder.WriteBytes(value);
}

template <typename T>
void EncodeOptional(const std::optional<T>& value, avro::Encoder& encoder) {
  encoder.WriteIsPresent(value.has_value());
  if (value.has_value()) {
    EncodeValue(*value, encoder);
  }
}

template <typename T>
void EncodeOptional(const std::vector<T>& values, avro::Encoder& encoder) {
  encoder.WriteIsPresent(!values.empty());
  if (values.empty()) {
    return;
  }
  encoder.WriteLong(static_cast<int64_t>(values.size()));
  for (const T& value : values) {
    EncodeValue(value, encoder);
  }
  encoder.WriteLong(0);
}

template <typename V>
void EncodeOptional(const std::map<int32_t, V>& values, avro::Encoder& encoder) {
  encoder.WriteIsPresent(!values.empty());
  if (values.empty()) {
    return;
  }
  encoder.WriteLong(static_cast<int64_t>(values.size()));
  for (const auto& [key, value] : values) {
    EncodeValue(key, encoder);
    EncodeValue(value, encoder);
  }
  encoder.WriteLong(0);
}

}  // namespace calve::table
