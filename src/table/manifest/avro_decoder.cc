#include "table/manifest/avro_decoder.h"

#include <bit>
#include <limits>

#include <fmt/format.h>

#include "table/manifest/avro_varint.h"

namespace calve::table::avro {
namespace {

/// A record or an array adds a step to those of its items, which take a byte or more; the
/// rest is for records without fields.
constexpr size_t kStepsPerByte = 4;
constexpr size_t kFreeSteps = 1024;

constexpr int kMaxVarintBytes = 10;

template <typename Bits>
Bits LoadLittleEndian(std::string_view bytes) {
  Bits bits = 0;
  for (size_t i = 0; i < sizeof(Bits); ++i) {
    bits |= static_cast<Bits>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return bits;
}

}  // namespace

Error Within(std::string_view where, const Error& error) {
  return Error{error.kind, fmt::format("{}: {}", where, error.message)};
}

Decoder::Decoder(std::string_view bytes)
    : bytes_(bytes), steps_left_(kFreeSteps + kStepsPerByte * bytes.size()) {}

Error Decoder::Corrupt(std::string_view what) const {
  return Error{ErrorKind::kCorrupt,
               fmt::format("{} at byte {} of {}", what, position_, bytes_.size())};
}

Status Decoder::PayStep() {
  if (steps_left_ == 0) {
    return Corrupt("more values than the bytes can hold");
  }
  --steps_left_;
  return {};
}

Result<bool> Decoder::ReadBoolean() {
  CALVE_ASSIGN(const std::string_view byte, ReadFixed(1));
  if (byte[0] != 0 && byte[0] != 1) {
    return Corrupt("a boolean that is neither 0 nor 1");
  }
  return byte[0] == 1;
}

Result<int64_t> Decoder::ReadLong() {
  uint64_t zigzag = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    if (remaining() == 0) {
      return Corrupt("a number is cut off");
    }
    const auto byte = static_cast<uint8_t>(bytes_[position_]);
    if (i == kMaxVarintBytes - 1 && byte > 1) {
      break;
    }
    ++position_;
    zigzag |= (byte & kPayloadMask) << (kPayloadBits * i);
    if ((byte & kMoreBit) == 0) {
      return static_cast<int64_t>((zigzag >> 1U) ^ (~(zigzag & 1U) + 1U));
    }
  }
  return Corrupt("a number of more than 64 bits");
}

Result<int32_t> Decoder::ReadInt() {
  CALVE_ASSIGN(const int64_t value, ReadLong());
  if (value < std::numeric_limits<int32_t>::min() ||
      value > std::numeric_limits<int32_t>::max()) {
    return Corrupt("an int of more than 32 bits");
  }
  return static_cast<int32_t>(value);
}

Result<float> Decoder::ReadFloat() {
  CALVE_ASSIGN(const std::string_view bytes, ReadFixed(sizeof(float)));
  return std::bit_cast<float>(LoadLittleEndian<uint32_t>(bytes));
}

Result<double> Decoder::ReadDouble() {
  CALVE_ASSIGN(const std::string_view bytes, ReadFixed(sizeof(double)));
  return std::bit_cast<double>(LoadLittleEndian<uint64_t>(bytes));
}

Result<std::string_view> Decoder::ReadBytes() {
  CALVE_ASSIGN(const int64_t size, ReadLong());
  if (size < 0) {
    return Corrupt("a negative length");
  }
  return ReadFixed(static_cast<size_t>(size));
}

Result<std::string_view> Decoder::ReadFixed(size_t size) {
  if (size > remaining()) {
    return Corrupt(fmt::format("a value of {} bytes is cut off", size));
  }
  const std::string_view value = bytes_.substr(position_, size);
  position_ += size;
  return value;
}

Result<int64_t> Decoder::ReadItemCount() {
  CALVE_ASSIGN(const int64_t count, ReadLong());
  if (count >= 0) {
    return count;
  }
  CALVE_ASSIGN(const int64_t size, ReadLong());
  if (size < 0 || static_cast<size_t>(size) > remaining()) {
    return Corrupt(fmt::format("an array block of {} bytes", size));
  }
  if (count == std::numeric_limits<int64_t>::min()) {
    return Corrupt("an array block without end");
  }
  return -count;
}

}  // namespace calve::table::avro
