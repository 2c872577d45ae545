#include <compare>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "table/schema/generators.h"
#include "table/schema/literal_text.h"
#include "table/schema/murmur3.h"
#include "table/schema/partition.h"

namespace calve::table {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

constexpr int64_t kMicrosPerHour = 3'600'000'000;
constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

/// The hash under a value's bucket: with 2^31 - 1 buckets the two are the same but for
/// the sign bit, so expectations are cut to 31 bits.
int32_t HashOf(const Type& type, const Literal& value) {
  const auto bucket = ApplyTransform(
      {TransformKind::kBucket, std::numeric_limits<int32_t>::max()}, type, value);
  return *std::get_if<int32_t>(&*bucket);
}

constexpr int32_t PositivePart(int64_t hash) {
  return static_cast<int32_t>(hash & 0x7FFF'FFFF);
}

/// Applies a transform, given by name, to an int, long or whatever the value holds.
std::optional<Literal> Apply(std::string_view name, const Type& type,
                             const Literal& value) {
  return ApplyTransform(*ParseTransform(name), type, value);
}

std::optional<Literal> ApplyToMoment(std::string_view name, int64_t micros) {
  return Apply(name, TypeOf(TypeId::kTimestamptz), micros);
}

// The values are those of the spec's Appendix B.
TEST(BucketTest, HashesAreThoseOfTheSpec) {
  const Type any_fixed = FixedType(4);
  EXPECT_EQ(HashOf(TypeOf(TypeId::kInt), int32_t{34}), 2'017'239'379);
  EXPECT_EQ(HashOf(TypeOf(TypeId::kLong), int64_t{34}), 2'017'239'379);
  EXPECT_EQ(HashOf(DecimalType(9, 2), Decimal{1420}), PositivePart(-500'754'589));
  EXPECT_EQ(HashOf(TypeOf(TypeId::kDate), int32_t{17'486}), PositivePart(-653'330'422));
  EXPECT_EQ(HashOf(TypeOf(TypeId::kTime), int64_t{81'068'000'000}),
            PositivePart(-662'762'989));
  EXPECT_EQ(HashOf(TypeOf(TypeId::kTimestamp), int64_t{1'510'871'468'000'000}),
            PositivePart(-2'047'944'441));
  EXPECT_EQ(HashOf(TypeOf(TypeId::kTimestamptz), int64_t{1'510'871'468'000'000}),
            PositivePart(-2'047'944'441));
  EXPECT_EQ(HashOf(TypeOf(TypeId::kTimestamp), int64_t{1'510'871'468'000'001}),
            PositivePart(-1'207'196'810));
  EXPECT_EQ(HashOf(TypeOf(TypeId::kString), "iceberg"s), 1'210'000'089);
  EXPECT_EQ(HashOf(TypeOf(TypeId::kUuid),
                   *UuidFromText("f79c3e09-677c-4bbd-a479-3f349cb785e7")),
            1'488'055'340);
  EXPECT_EQ(HashOf(any_fixed, "\0\1\2\3"s), PositivePart(-188'683'207));
  EXPECT_EQ(HashOf(TypeOf(TypeId::kBinary), "\0\1\2\3"s), PositivePart(-188'683'207));
}

TEST(BucketTest, TheHashKeepsItsSignBit) {
  EXPECT_EQ(Murmur3("\0\1\2\3"s), static_cast<uint32_t>(-188'683'207));
  EXPECT_EQ(Murmur3(""), 0U);
}

RC_GTEST_PROP(BucketTest, BucketsAreInRange, ()) {
  const Type type = *AnyPrimitiveType();
  const Transform transform{TransformKind::kBucket,
                            *rc::gen::inRange(1, std::numeric_limits<int32_t>::max())};
  RC_PRE(TransformResultType(transform, type).has_value());
  const auto result = ApplyTransform(transform, type, PickLiteral(type));
  const int32_t bucket = *std::get_if<int32_t>(&*result);
  RC_ASSERT(bucket >= 0);
  RC_ASSERT(bucket < transform.parameter);
}

RC_GTEST_PROP(BucketTest, APromotedColumnKeepsItsBuckets, (int32_t value)) {
  RC_ASSERT(HashOf(TypeOf(TypeId::kInt), value) ==
            HashOf(TypeOf(TypeId::kLong), int64_t{value}));
}

RC_GTEST_PROP(TruncateTest, IsAtMostTheValueAndTruncatesNoFurther, ()) {
  const Type type = *AnyPrimitiveType();
  const Transform transform{TransformKind::kTruncate, *rc::gen::inRange(1, 1000)};
  RC_PRE(TransformResultType(transform, type).has_value());
  const Literal value = PickLiteral(type);
  // Nearer to the minimum the result wraps around.
  if (const auto* number = std::get_if<int32_t>(&value)) {
    RC_PRE(*number > std::numeric_limits<int32_t>::min() + 1000);
  }
  if (const auto* number = std::get_if<int64_t>(&value)) {
    RC_PRE(*number > std::numeric_limits<int64_t>::min() + 1000);
  }
  const auto truncated = ApplyTransform(transform, type, value);
  RC_ASSERT(std::is_lteq(Compare(*truncated, value)));
  RC_ASSERT(ApplyTransform(transform, type, truncated) == truncated);
}

TEST(TruncateTest, NumbersGoDownToTheMultiple) {
  const Type int_type = TypeOf(TypeId::kInt);
  EXPECT_EQ(Apply("truncate[10]", int_type, int32_t{19}), Literal(int32_t{10}));
  EXPECT_EQ(Apply("truncate[10]", int_type, int32_t{-1}), Literal(int32_t{-10}));
  EXPECT_EQ(Apply("truncate[10]", int_type, int32_t{-10}), Literal(int32_t{-10}));
  EXPECT_EQ(Apply("truncate[10]", TypeOf(TypeId::kLong), int64_t{-11}),
            Literal(int64_t{-20}));
  EXPECT_EQ(Apply("truncate[50]", DecimalType(9, 2), Decimal{1065}),
            Literal(Decimal{1050}));
  EXPECT_EQ(Apply("truncate[50]", DecimalType(9, 2), Decimal{-1}), Literal(Decimal{-50}));
}

TEST(TruncateTest, WrapsAroundBelowTheMinimum) {
  EXPECT_EQ(
      Apply("truncate[10]", TypeOf(TypeId::kInt), std::numeric_limits<int32_t>::min()),
      Literal(int32_t{2'147'483'646}));
}

TEST(TruncateTest, TextIsCutByCodePointsAndBinaryByBytes) {
  const Type text = TypeOf(TypeId::kString);
  EXPECT_EQ(Apply("truncate[3]", text, "iceberg"s), Literal("ice"s));
  EXPECT_EQ(Apply("truncate[3]", text, "é漢😀!"s), Literal("é漢😀"s));
  EXPECT_EQ(Apply("truncate[3]", text, "ab"s), Literal("ab"s));
  EXPECT_EQ(Apply("truncate[3]", text, ""s), Literal(""s));
  EXPECT_EQ(Apply("truncate[3]", TypeOf(TypeId::kBinary), "é漢"s),
            Literal("\xc3\xa9\xe6"s));
}

TEST(TemporalTransformTest, CountFromTheEpoch) {
  const int64_t moment = 1'510'871'468'123'456;  // 2017-11-16T22:31:08.123456
  EXPECT_EQ(ApplyToMoment("year", moment), Literal(int32_t{47}));
  EXPECT_EQ(ApplyToMoment("month", moment), Literal(int32_t{574}));
  EXPECT_EQ(ApplyToMoment("day", moment), Literal(int32_t{17'486}));
  EXPECT_EQ(ApplyToMoment("hour", moment), Literal(int32_t{419'686}));
}

TEST(TemporalTransformTest, TheFarthestMomentsDoNotWrapAround) {
  using Limits = std::numeric_limits<int64_t>;
  EXPECT_EQ(ApplyToMoment("hour", Limits::max()), Literal(int32_t{2'147'483'647}));
  EXPECT_EQ(ApplyToMoment("hour", Limits::min()), Literal(int32_t{-2'147'483'647 - 1}));
  EXPECT_EQ(ApplyToMoment("day", Limits::max()), Literal(int32_t{106'751'991}));
}

TEST(TemporalTransformTest, RoundDownBeforeTheEpoch) {
  for (const char* name : {"year", "month", "day", "hour"}) {
    EXPECT_EQ(ApplyToMoment(name, -1), Literal(int32_t{-1})) << name;
    EXPECT_EQ(ApplyToMoment(name, 0), Literal(int32_t{0})) << name;
  }
  EXPECT_EQ(ApplyToMoment("hour", -kMicrosPerHour), Literal(int32_t{-1}));
  EXPECT_EQ(ApplyToMoment("hour", -kMicrosPerHour - 1), Literal(int32_t{-2}));
  EXPECT_EQ(ApplyToMoment("day", -kMicrosPerDay), Literal(int32_t{-1}));
  EXPECT_EQ(ApplyToMoment("day", -kMicrosPerDay - 1), Literal(int32_t{-2}));
  EXPECT_EQ(ApplyToMoment("month", -31 * kMicrosPerDay - 1), Literal(int32_t{-2}));
  EXPECT_EQ(ApplyToMoment("year", -365 * kMicrosPerDay - 1), Literal(int32_t{-2}));
}

TEST(TemporalTransformTest, TakeDatesToo) {
  const Type date = TypeOf(TypeId::kDate);
  EXPECT_EQ(Apply("year", date, int32_t{-1}), Literal(int32_t{-1}));
  EXPECT_EQ(Apply("month", date, int32_t{17'486}), Literal(int32_t{574}));
  EXPECT_EQ(Apply("day", date, int32_t{17'486}), Literal(int32_t{17'486}));
}

RC_GTEST_PROP(TransformTest, ResultsFitTheResultTypeAndNullStaysNull, ()) {
  const Type type = *AnyPrimitiveType();
  const Transform transform{
      *rc::gen::element(TransformKind::kIdentity, TransformKind::kBucket,
                        TransformKind::kTruncate, TransformKind::kYear,
                        TransformKind::kMonth, TransformKind::kDay, TransformKind::kHour,
                        TransformKind::kVoid),
      *rc::gen::inRange(1, 100)};
  const auto result_type = TransformResultType(transform, type);
  RC_PRE(result_type.has_value());
  const auto result = ApplyTransform(transform, type, PickLiteral(type));
  RC_ASSERT(result.has_value() == (transform.kind != TransformKind::kVoid));
  if (result) {
    RC_ASSERT(Fits(*result_type, *result));
  }
  RC_ASSERT(!ApplyTransform(transform, type, std::nullopt));
}

TEST(TransformTest, NamesComeBack) {
  for (const char* name : {"identity", "bucket[16]", "truncate[4]", "year", "month",
                           "day", "hour", "void"}) {
    const auto transform = ParseTransform(name);
    ASSERT_TRUE(transform) << name;
    EXPECT_EQ(TransformName(*transform), name);
  }
}

TEST(TransformTest, SenselessParametersAreCorrupt) {
  for (const char* name : {"bucket", "bucket[]", "bucket[0]", "bucket[-1]", "bucket[x]",
                           "bucket[1", "bucket[2147483648]", "truncate[1]x", "day[1]"}) {
    const auto transform = ParseTransform(name);
    ASSERT_FALSE(transform) << name;
    EXPECT_EQ(transform.error().kind, ErrorKind::kCorrupt) << name;
  }
}

TEST(TransformTest, UnknownNamesAreUnsupported) {
  for (const char* name : {"", "zorder", "Day", "days"}) {
    const auto transform = ParseTransform(name);
    ASSERT_FALSE(transform) << name;
    EXPECT_EQ(transform.error().kind, ErrorKind::kUnsupported) << name;
  }
}

/// The sources that a transform takes, by name.
std::string SourcesOf(std::string_view name) {
  std::string sources;
  for (const Type& type :
       {TypeOf(TypeId::kBoolean), TypeOf(TypeId::kInt), TypeOf(TypeId::kLong),
        TypeOf(TypeId::kFloat), TypeOf(TypeId::kDouble), DecimalType(9, 2),
        TypeOf(TypeId::kDate), TypeOf(TypeId::kTime), TypeOf(TypeId::kTimestamp),
        TypeOf(TypeId::kTimestamptz), TypeOf(TypeId::kString), TypeOf(TypeId::kUuid),
        FixedType(4), TypeOf(TypeId::kBinary)}) {
    const auto result = TransformResultType(*ParseTransform(name), type);
    if (result) {
      sources += PrimitiveTypeName(type) + ">" + PrimitiveTypeName(*result) + " ";
    } else {
      EXPECT_EQ(result.error().kind, ErrorKind::kInvalidArgument);
    }
  }
  return sources;
}

TEST(TransformTest, TakesTheSourcesOfTheSpec) {
  EXPECT_EQ(SourcesOf("bucket[4]"),
            "int>int long>int decimal(9, 2)>int date>int time>int timestamp>int "
            "timestamptz>int string>int uuid>int fixed[4]>int binary>int ");
  EXPECT_EQ(SourcesOf("truncate[4]"),
            "int>int long>long decimal(9, 2)>decimal(9, 2) string>string binary>binary ");
  EXPECT_EQ(SourcesOf("year"), "date>int timestamp>int timestamptz>int ");
  EXPECT_EQ(SourcesOf("month"), "date>int timestamp>int timestamptz>int ");
  EXPECT_EQ(SourcesOf("day"), "date>date timestamp>date timestamptz>date ");
  EXPECT_EQ(SourcesOf("hour"), "timestamp>int timestamptz>int ");
}

TEST(TransformTest, NestedSourcesAndZeroParametersAreInvalid) {
  EXPECT_EQ(TransformResultType({TransformKind::kIdentity}, StructType({})).error().kind,
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(
      TransformResultType({TransformKind::kBucket, 0}, TypeOf(TypeId::kInt)).error().kind,
      ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace calve::table
