#include "table/manifest/avro_decoder.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "table/manifest/avro_encoder.h"

namespace calve::table::avro {
namespace {

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

/// The message of a kCorrupt error.
template <typename T>
std::string CorruptMessage(const Result<T>& result) {
  if (result || result.error().kind != ErrorKind::kCorrupt) {
    return "not corrupt";
  }
  return result.error().message;
}

TEST(AvroDecoderTest, ReadsTheSpecificationsExamplesOfZigzag) {
  const std::vector<std::pair<std::string, int64_t>> examples = {
      {Bytes({0x00}), 0},
      {Bytes({0x01}), -1},
      {Bytes({0x02}), 1},
      {Bytes({0x7f}), -64},
      {Bytes({0x80, 0x01}), 64}};
  for (const auto& [bytes, expected] : examples) {
    EXPECT_EQ(*Decoder(bytes).ReadLong(), expected);
  }
}

RC_GTEST_PROP(AvroDecoderTest, ReadsBackWhateverTheEncoderWrote,
              (bool flag, int32_t narrow, int64_t wide, float single, double real,
               const std::string& text)) {
  Encoder encoder;
  encoder.WriteBoolean(flag);
  encoder.WriteInt(narrow);
  encoder.WriteLong(wide);
  encoder.WriteFloat(single);
  encoder.WriteDouble(real);
  encoder.WriteBytes(text);
  Decoder decoder(encoder.bytes());
  RC_ASSERT(*decoder.ReadBoolean() == flag);
  RC_ASSERT(*decoder.ReadInt() == narrow);
  RC_ASSERT(*decoder.ReadLong() == wide);
  RC_ASSERT(*decoder.ReadFloat() == single);
  RC_ASSERT(*decoder.ReadDouble() == real);
  RC_ASSERT(*decoder.ReadBytes() == text);
  RC_ASSERT(decoder.remaining() == 0U);
}

TEST(AvroDecoderTest, ReadsTheExtremesOfLong) {
  for (const int64_t extreme :
       {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    Encoder encoder;
    encoder.WriteLong(extreme);
    EXPECT_EQ(encoder.bytes().size(), 10U);
    EXPECT_EQ(*Decoder(encoder.bytes()).ReadLong(), extreme);
  }
}

TEST(AvroDecoderTest, ANumberThatEndsEarlyOrNeverIsCorrupt) {
  EXPECT_EQ(CorruptMessage(Decoder(Bytes({0x80})).ReadLong()),
            "a number is cut off at byte 1 of 1");
  const std::string endless(20, '\xff');
  EXPECT_EQ(CorruptMessage(Decoder(endless).ReadLong()),
            "a number of more than 64 bits at byte 9 of 20");
}

TEST(AvroDecoderTest, AnIntOfMoreThan32BitsIsCorrupt) {
  Encoder encoder;
  encoder.WriteLong(int64_t{1} << 31U);
  EXPECT_EQ(CorruptMessage(Decoder(encoder.bytes()).ReadInt()),
            "an int of more than 32 bits at byte 5 of 5");
}

TEST(AvroDecoderTest, ALengthThatIsNegativeOrLongerThanTheBytesIsCorrupt) {
  EXPECT_EQ(CorruptMessage(Decoder(Bytes({0x01})).ReadBytes()),
            "a negative length at byte 1 of 1");
  Encoder encoder;
  encoder.WriteLong(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(CorruptMessage(Decoder(encoder.bytes()).ReadBytes()),
            "a value of 9223372036854775807 bytes is cut off at byte 10 of 10");
}

TEST(AvroDecoderTest, ABooleanOtherThan0And1IsCorrupt) {
  EXPECT_EQ(CorruptMessage(Decoder(Bytes({0x02})).ReadBoolean()),
            "a boolean that is neither 0 nor 1 at byte 1 of 1");
}

TEST(AvroDecoderTest, ANegativeItemCountBringsTheSizeOfItsBlock) {
  EXPECT_EQ(*Decoder(Bytes({0x05, 0x02, 0x00})).ReadItemCount(), 3);
  EXPECT_EQ(CorruptMessage(Decoder(Bytes({0x05, 0x04, 0x00})).ReadItemCount()),
            "an array block of 2 bytes at byte 2 of 3");
  Encoder encoder;
  encoder.WriteLong(std::numeric_limits<int64_t>::min());
  encoder.WriteLong(0);
  EXPECT_EQ(CorruptMessage(Decoder(encoder.bytes()).ReadItemCount()),
            "an array block without end at byte 11 of 11");
}

TEST(AvroDecoderTest, StepsWithoutBytesRunOut) {
  Decoder decoder("");
  Status status;
  int steps = 0;
  while (status && steps < 1'000'000) {
    status = decoder.PayStep();
    ++steps;
  }
  EXPECT_FALSE(status);
}

}  // namespace
}  // namespace calve::table::avro
