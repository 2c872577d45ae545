#include "table/manifest/avro_encoder.h"

#include <bit>
#include <cstddef>

#include "table/manifest/avro_varint.h"

namespace calve::table::avro {
namespace {

template <typename Bits>
void AppendLittleEndian(std::string& bytes, Bits bits) {
  for (size_t i = 0; i < sizeof(Bits); ++i) {
    bytes.push_back(static_cast<char>((bits >> (8 * i)) & 0xffU));
  }
}

}  // namespace

void Encoder::WriteBoolean(bool value) {
  bytes_.push_back(value ? '\1' : '\0');
}

void Encoder::WriteLong(int64_t value) {
  uint64_t zigzag =
      (static_cast<uint64_t>(value) << 1U) ^ static_cast<uint64_t>(value >> 63U);
  while (zigzag > kPayloadMask) {
    bytes_.push_back(static_cast<char>((zigzag & kPayloadMask) | kMoreBit));
    zigzag >>= kPayloadBits;
  }
  bytes_.push_back(static_cast<char>(zigzag));
}

void Encoder::WriteFloat(float value) {
  AppendLittleEndian(bytes_, std::bit_cast<uint32_t>(value));
}

void Encoder::WriteDouble(double value) {
  AppendLittleEndian(bytes_, std::bit_cast<uint64_t>(value));
}

void Encoder::WriteBytes(std::string_view value) {
  WriteLong(static_cast<int64_t>(value.size()));
  bytes_.append(value);
}

}  // namespace calve::table::avro
