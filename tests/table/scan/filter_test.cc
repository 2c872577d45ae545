#include "table/scan/filter.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace calve::table {
namespace {

ColumnFilter Between(std::optional<Literal> lower, std::optional<Literal> upper) {
  return {.column = FieldId{1},
          .lower = std::move(lower),
          .upper = std::move(upper),
          .values = {}};
}

ColumnFilter OneOf(std::vector<Literal> values) {
  return {.column = FieldId{1},
          .lower = std::nullopt,
          .upper = std::nullopt,
          .values = std::move(values)};
}

ValueRange Range(std::optional<Literal> lower, std::optional<Literal> upper) {
  return {.lower = std::move(lower), .upper = std::move(upper)};
}

TEST(FilterTest, RangesThatDoNotTouchCannotMatch) {
  const ColumnFilter filter = Between(int32_t{3}, int32_t{5});
  EXPECT_FALSE(MayMatch(filter, Range(int32_t{0}, int32_t{2})));
  EXPECT_TRUE(MayMatch(filter, Range(int32_t{0}, int32_t{3})));
  EXPECT_TRUE(MayMatch(filter, Range(int32_t{5}, int32_t{9})));
  EXPECT_FALSE(MayMatch(filter, Range(int32_t{6}, int32_t{9})));
}

TEST(FilterTest, ValuesInAGapCannotMatch) {
  const ColumnFilter filter = OneOf({int32_t{1}, int32_t{10}});
  EXPECT_FALSE(MayMatch(filter, Range(int32_t{2}, int32_t{9})));
  EXPECT_TRUE(MayMatch(filter, Range(int32_t{2}, int32_t{10})));
  EXPECT_FALSE(MayMatch(filter, Range(int32_t{11}, std::nullopt)));
  EXPECT_FALSE(MayMatch(filter, Range(std::nullopt, int32_t{0})));
}

TEST(FilterTest, UnknownBoundsMayMatch) {
  EXPECT_TRUE(MayMatch(Between(int32_t{3}, int32_t{5}), {}));
  EXPECT_TRUE(MayMatch(OneOf({int32_t{3}}), {}));
}

TEST(FilterTest, ZerosOfEitherSignMatchEachOther) {
  EXPECT_TRUE(MayMatch(Between(0.0, std::nullopt), Range(-1.0, -0.0)));
  EXPECT_TRUE(MayMatch(OneOf({Literal(-0.0)}), Range(0.0, 1.0)));
}

TEST(FilterTest, BucketsTellOnlyOfValues) {
  const Transform bucket{TransformKind::kBucket, 16};
  const Type type = TypeOf(TypeId::kLong);
  EXPECT_FALSE(ProjectFilter(Between(int64_t{1}, int64_t{1}), type, bucket).has_value());
  const auto projected = ProjectFilter(OneOf({Literal(int64_t{34})}), type, bucket);
  ASSERT_TRUE(projected.has_value());
  EXPECT_EQ(projected->values, std::vector<Literal>{Literal(int32_t{3})});
}

TEST(FilterTest, VoidAndUnselectiveFiltersTellNothing) {
  const Type type = TypeOf(TypeId::kLong);
  EXPECT_FALSE(
      ProjectFilter(Between(int64_t{1}, std::nullopt), type, {TransformKind::kVoid, 0})
          .has_value());
  EXPECT_FALSE(ProjectFilter(Between(std::nullopt, std::nullopt), type,
                             {TransformKind::kIdentity, 0})
                   .has_value());
}

/// Numbers near each other and near the ends of the type.
rc::Gen<int32_t> Numbers() {
  constexpr auto kLeast = std::numeric_limits<int32_t>::min();
  constexpr auto kGreatest = std::numeric_limits<int32_t>::max();
  return rc::gen::oneOf(rc::gen::inRange<int32_t>(-20, 20),
                        rc::gen::inRange<int32_t>(kLeast, kLeast + 20),
                        rc::gen::inRange<int32_t>(kGreatest - 20, kGreatest));
}

bool Matches(const ColumnFilter& filter, const Literal& value) {
  return (!filter.lower || Compare(value, *filter.lower) >= 0) &&
         (!filter.upper || Compare(value, *filter.upper) <= 0) &&
         (filter.values.empty() || std::find(filter.values.begin(), filter.values.end(),
                                             value) != filter.values.end());
}

ColumnFilter RandomFilter() {
  const auto bound = [] {
    return *rc::gen::arbitrary<bool>() ? std::optional<Literal>(*Numbers())
                                       : std::nullopt;
  };
  ColumnFilter filter = Between(bound(), bound());
  for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
    filter.values.emplace_back(*Numbers());
  }
  std::sort(filter.values.begin(), filter.values.end());
  return filter;
}

TEST(FilterTest, ProjectionsNeverLoseAMatchingValue) {
  EXPECT_TRUE(rc::check([] {
    const ColumnFilter filter = RandomFilter();
    const Literal value = *Numbers();
    RC_PRE(Matches(filter, value));
    const bool date = *rc::gen::arbitrary<bool>();
    const Type type = TypeOf(date ? TypeId::kDate : TypeId::kInt);
    const Transform transform =
        date ? *rc::gen::element(Transform{TransformKind::kIdentity, 0},
                                 Transform{TransformKind::kYear, 0},
                                 Transform{TransformKind::kMonth, 0},
                                 Transform{TransformKind::kDay, 0})
             : *rc::gen::element(Transform{TransformKind::kIdentity, 0},
                                 Transform{TransformKind::kTruncate, 7},
                                 Transform{TransformKind::kTruncate, 1},
                                 Transform{TransformKind::kBucket, 3});
    if (const auto projected = ProjectFilter(filter, type, transform)) {
      const auto partition = ApplyTransform(transform, type, value);
      RC_ASSERT(MayMatch(*projected, Range(partition, partition)));
    }
  }));
}

}  // namespace
}  // namespace calve::table
