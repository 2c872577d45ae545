#include "table/schema/literal.h"

#include <cmath>
#include <compare>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "table/schema/generators.h"
#include "table/schema/literal_text.h"

namespace calve::table {
namespace {

using nlohmann::json;
using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

/// 2017-11-16T22:31:08.123456.
constexpr int64_t kMoment = 1'510'871'468'123'456;

RC_GTEST_PROP(LiteralTest, AnyValueComesBackFromItsBytes, ()) {
  const Type type = *AnyPrimitiveType();
  const Literal value = PickLiteral(type);
  RC_ASSERT(Fits(type, value));
  const auto decoded = DecodeLiteral(type, EncodeLiteral(type, value));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == value);
}

RC_GTEST_PROP(LiteralTest, AnyValueComesBackFromItsJson, ()) {
  const Type type = *AnyPrimitiveType();
  const Literal value = PickLiteral(type);
  const auto read = LiteralFromJson(type, json::parse(LiteralToJson(type, value).dump()));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == value);
}

RC_GTEST_PROP(LiteralTest, AnyBytesDecodeOrAreCorrupt, (const std::string& bytes)) {
  const auto decoded = DecodeLiteral(*AnyPrimitiveType(), bytes);
  if (!decoded) {
    RC_ASSERT(decoded.error().kind == ErrorKind::kCorrupt);
  }
}

RC_GTEST_PROP(LiteralTest, OrderIsTotal, ()) {
  const Type type = *AnyPrimitiveType();
  const Literal a = PickLiteral(type);
  const Literal b = PickLiteral(type);
  RC_ASSERT((Compare(a, b) < 0) == (Compare(b, a) > 0));
  RC_ASSERT(std::is_eq(Compare(a, a)));
}

TEST(LiteralTest, BytesAreThoseOfTheSpec) {
  const auto hex = [](const Type& type, const Literal& value) {
    return BytesToHex(EncodeLiteral(type, value));
  };
  EXPECT_EQ(hex(TypeOf(TypeId::kBoolean), true), "01");
  EXPECT_EQ(hex(TypeOf(TypeId::kBoolean), false), "00");
  EXPECT_EQ(hex(TypeOf(TypeId::kInt), int32_t{34}), "22000000");
  EXPECT_EQ(hex(TypeOf(TypeId::kLong), int64_t{-2}), "feffffffffffffff");
  EXPECT_EQ(hex(TypeOf(TypeId::kFloat), 1.5F), "0000c03f");
  EXPECT_EQ(hex(TypeOf(TypeId::kDouble), 1.5), "000000000000f83f");
  EXPECT_EQ(hex(TypeOf(TypeId::kDate), int32_t{1}), "01000000");
  EXPECT_EQ(hex(TypeOf(TypeId::kString), "é"s), "c3a9");
  EXPECT_EQ(hex(DecimalType(9, 2), Decimal{1420}), "058c");
}

TEST(LiteralTest, DecimalsTakeAsFewBytesAsHoldThem) {
  const Type type = DecimalType(38, 0);
  const auto hex = [&](Int128 unscaled) {
    return BytesToHex(EncodeLiteral(type, Decimal{unscaled}));
  };
  EXPECT_EQ(hex(0), "00");
  EXPECT_EQ(hex(127), "7f");
  EXPECT_EQ(hex(128), "0080");
  EXPECT_EQ(hex(-1), "ff");
  EXPECT_EQ(hex(-128), "80");
  EXPECT_EQ(hex(-129), "ff7f");
}

TEST(LiteralTest, BoundsFromBeforeAPromotionAreWidened) {
  const auto wide = DecodeLiteral(TypeOf(TypeId::kLong),
                                  EncodeLiteral(TypeOf(TypeId::kInt), int32_t{-7}));
  ASSERT_TRUE(wide);
  EXPECT_EQ(*wide, Literal(int64_t{-7}));
  const auto precise = DecodeLiteral(TypeOf(TypeId::kDouble),
                                     EncodeLiteral(TypeOf(TypeId::kFloat), -0.5F));
  ASSERT_TRUE(precise);
  EXPECT_EQ(*precise, Literal(-0.5));
}

TEST(LiteralTest, BytesOfAWrongLengthAreCorrupt) {
  const std::vector<std::pair<Type, size_t>> cases = {
      {TypeOf(TypeId::kBoolean), 0}, {TypeOf(TypeId::kBoolean), 2},
      {TypeOf(TypeId::kInt), 8},     {TypeOf(TypeId::kDate), 3},
      {TypeOf(TypeId::kLong), 5},    {TypeOf(TypeId::kTimestamp), 4},
      {TypeOf(TypeId::kFloat), 8},   {TypeOf(TypeId::kDouble), 7},
      {DecimalType(38, 0), 0},       {DecimalType(38, 0), 17},
      {TypeOf(TypeId::kUuid), 15},   {FixedType(4), 5},
      {StructType({}), 4},
  };
  for (const auto& [type, size] : cases) {
    const auto decoded = DecodeLiteral(type, std::string(size, 'x'));
    ASSERT_FALSE(decoded) << static_cast<int>(type.id) << " of " << size;
    EXPECT_EQ(decoded.error().kind, ErrorKind::kCorrupt);
  }
}

TEST(LiteralTest, StringsOrderAsUnsignedBytes) {
  EXPECT_TRUE(Compare("a"s, "é"s) < 0);
  EXPECT_TRUE(Compare("\x7f"s, "\x80"s) < 0);
  EXPECT_TRUE(Compare("ab"s, "a"s) > 0);
  EXPECT_TRUE(Compare("a\0"s, "a"s) > 0);
}

TEST(LiteralTest, NegativeZeroIsBelowZero) {
  EXPECT_TRUE(Compare(-0.0, 0.0) < 0);
  EXPECT_TRUE(Compare(-0.0F, 0.0F) < 0);
  EXPECT_TRUE(Compare(-1.0, -0.0) < 0);
}

TEST(LiteralTest, DecimalsOrderByValue) {
  EXPECT_TRUE(Compare(Decimal{-200}, Decimal{3}) < 0);
}

TEST(LiteralTest, FitsOnlyTheAlternativeOfItsType) {
  EXPECT_TRUE(Fits(TypeOf(TypeId::kDate), int32_t{1}));
  EXPECT_FALSE(Fits(TypeOf(TypeId::kDate), int64_t{1}));
  EXPECT_FALSE(Fits(TypeOf(TypeId::kString), true));
  EXPECT_FALSE(Fits(StructType({}), "x"s));
}

TEST(LiteralJsonTest, WritesTheSpecsForms) {
  const auto text = [](const Type& type, const Literal& value) {
    return LiteralToJson(type, value).dump();
  };
  EXPECT_EQ(text(TypeOf(TypeId::kBoolean), true), "true");
  EXPECT_EQ(text(TypeOf(TypeId::kLong), int64_t{34}), "34");
  EXPECT_EQ(text(TypeOf(TypeId::kDouble), 1.0), "1.0");
  EXPECT_EQ(text(DecimalType(9, 2), Decimal{-5}), "\"-0.05\"");
  EXPECT_EQ(text(DecimalType(9, 0), Decimal{14}), "\"14\"");
  EXPECT_EQ(text(TypeOf(TypeId::kDate), int32_t{17'486}), "\"2017-11-16\"");
  EXPECT_EQ(text(TypeOf(TypeId::kDate), int32_t{-1}), "\"1969-12-31\"");
  EXPECT_EQ(text(TypeOf(TypeId::kTime), int64_t{81'068'123'456}), "\"22:31:08.123456\"");
  EXPECT_EQ(text(TypeOf(TypeId::kTimestamp), kMoment), "\"2017-11-16T22:31:08.123456\"");
  EXPECT_EQ(text(TypeOf(TypeId::kTimestamptz), kMoment),
            "\"2017-11-16T22:31:08.123456+00:00\"");
  EXPECT_EQ(
      text(TypeOf(TypeId::kUuid), *UuidFromText("f79c3e09-677c-4bbd-a479-3f349cb785e7")),
      "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"");
  EXPECT_EQ(text(TypeOf(TypeId::kBinary), "\0\1\2\xff"s), "\"000102ff\"");
  EXPECT_EQ(text(FixedType(2), "\xab\xcd"s), "\"abcd\"");
}

TEST(LiteralJsonTest, WhatJsonCannotSayIsNull) {
  EXPECT_TRUE(LiteralToJson(TypeOf(TypeId::kDouble), std::nan("")).is_null());
  EXPECT_TRUE(
      LiteralToJson(TypeOf(TypeId::kFloat), std::numeric_limits<float>::infinity())
          .is_null());
}

TEST(LiteralJsonTest, ReadsTheFormsOfOtherWriters) {
  const auto read = [](TypeId id, const char* text) {
    return *LiteralFromJson(TypeOf(id), text);
  };
  EXPECT_EQ(read(TypeId::kTimestamptz, "2017-11-16T22:31:08.123456Z"), Literal(kMoment));
  EXPECT_EQ(read(TypeId::kTimestamptz, "2017-11-16T14:31:08.123456-08:00"),
            Literal(kMoment));
  EXPECT_EQ(read(TypeId::kTimestamp, "2017-11-16T22:31"), Literal(kMoment - 8'123'456));
  EXPECT_EQ(read(TypeId::kTimestamp, "2017-11-16T22:31:08.123456000"), Literal(kMoment));
  EXPECT_EQ(read(TypeId::kTime, "22:31:08.5"), Literal(int64_t{81'068'500'000}));
}

TEST(LiteralJsonTest, RefusesWhatIsNoValueOfTheType) {
  const std::vector<std::pair<Type, json>> cases = {
      {TypeOf(TypeId::kBoolean), 1},
      {TypeOf(TypeId::kInt), 2147483648},
      {TypeOf(TypeId::kInt), 1.5},
      {TypeOf(TypeId::kInt), "1"},
      {TypeOf(TypeId::kLong), 9223372036854775808U},
      {TypeOf(TypeId::kFloat), 1e300},
      {TypeOf(TypeId::kDouble), "1"},
      {DecimalType(4, 2), "100.00"},
      {DecimalType(4, 2), "1.001"},
      {DecimalType(4, 2), "1e3"},
      {DecimalType(4, 2), ""},
      {DecimalType(4, 2), "-"},
      {DecimalType(38, 0), "999999999999999999999999999999999999999"},
      {TypeOf(TypeId::kDate), "2023-02-29"},
      {TypeOf(TypeId::kDate), "2023-13-01"},
      {TypeOf(TypeId::kDate), "2023-1-1"},
      {TypeOf(TypeId::kDate), "+9999999-01-01"},
      {TypeOf(TypeId::kTime), "24:00:00"},
      {TypeOf(TypeId::kTime), "22:31:60"},
      {TypeOf(TypeId::kTime), "22:31:08."},
      {TypeOf(TypeId::kTime), "22:31:08.1234567"},
      {TypeOf(TypeId::kTimestamp), "2017-11-16"},
      {TypeOf(TypeId::kTimestamp), "2017-11-16T22:31:08Z"},
      {TypeOf(TypeId::kTimestamp), "+300000-01-01T00:00:00"},
      {TypeOf(TypeId::kTimestamptz), "2017-11-16T22:31:08"},
      {TypeOf(TypeId::kString), 1},
      {TypeOf(TypeId::kString), nullptr},
      {TypeOf(TypeId::kUuid), "f79c3e09677c4bbda4793f349cb785e7"},
      {FixedType(2), "ab"},
      {TypeOf(TypeId::kBinary), "abc"},
      {TypeOf(TypeId::kBinary), "xy"},
      {StructType({}), json::object()},
  };
  for (const auto& [type, value] : cases) {
    const auto read = LiteralFromJson(type, value);
    ASSERT_FALSE(read) << value;
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt) << value;
  }
}

TEST(LiteralJsonTest, TheEndsOfTimeComeBack) {
  for (const TypeId id : {TypeId::kTimestamp, TypeId::kTimestamptz}) {
    for (const int64_t end :
         {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
      const auto read =
          LiteralFromJson(TypeOf(id), LiteralToJson(TypeOf(id), Literal(end)));
      ASSERT_TRUE(read) << end;
      EXPECT_EQ(*read, Literal(end));
    }
  }
}

TEST(LiteralTextTest, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kBoolean), false), "false");
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kInt), int32_t{-42}), "-42");
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kDouble), 3.0), "3.0");
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kDate), int32_t{19'753}), "2024-01-31");
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kTime), int64_t{81'068'000'000}), "22:31:08");
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kTimestamptz), kMoment),
            "2017-11-16T22:31:08.123456+00:00");
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kBinary), "\0\1\2\3"s), "AAECAw==");
  EXPECT_EQ(LiteralToText(TypeOf(TypeId::kString), "a b"s), "a b");
}

}  // namespace
}  // namespace calve::table
