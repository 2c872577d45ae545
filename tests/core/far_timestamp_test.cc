#include "core/far_timestamp.h"

#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace calve {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
// PostgreSQL's range, since 2000.
constexpr int64_t kFirst = -211'813'488'000'000'000;
constexpr int64_t kLast = 9'223'371'331'199'999'999;
constexpr int64_t kEpochMicros = 946'684'800'000'000;

std::string TextOf(int64_t micros_since_2000) {
  const TimestampUs time = FromPostgresTimestamp(micros_since_2000);
  return IsFarTimestamp(time) ? FarTimestampText(time) : FormatPostgresTimestamp(time);
}

TEST(FarTimestampTest, TextsAreThoseOfPostgres) {
  EXPECT_EQ(TextOf(kMost), "infinity");
  EXPECT_EQ(TextOf(kLeast), "-infinity");
  EXPECT_EQ(TextOf(kLast), "294276-12-31 23:59:59.999999+00");
  EXPECT_EQ(TextOf(kFirst), "4714-11-24 00:00:00+00 BC");
  EXPECT_EQ(TextOf(kMost - kEpochMicros), "294247-01-10 04:00:54.775807+00");
  EXPECT_EQ(TextOf(kMost - kEpochMicros + 1), "294247-01-10 04:00:54.775808+00");
  EXPECT_EQ(TextOf(0), "2000-01-01 00:00:00+00");
}

TEST(FarTimestampTest, AMomentIsFarExactlyIfItsSumOverflows) {
  EXPECT_TRUE(rc::check([] {
    const auto near_end = *rc::gen::inRange<int64_t>(-1000, 1000);
    const int64_t micros =
        *rc::gen::element(kMost - kEpochMicros + near_end,
                          *rc::gen::inRange<int64_t>(kFirst, kLast), kLast);
    int64_t sum = 0;
    const bool overflows = __builtin_add_overflow(micros, kEpochMicros, &sum);
    RC_ASSERT(IsFarTimestamp(FromPostgresTimestamp(micros)) == overflows);
    RC_ASSERT(IsFarTimestampText(TextOf(micros)) >= overflows);
    RC_ASSERT(ParseTimestamp(TextOf(micros)).has_value() == !overflows);
  }));
}

TEST(FarTimestampTest, OtherTextsAreNotFar) {
  for (const char* text :
       {"", "infinit", "Infinity ", "294277-01-01", "294276-13-01", "294276-12-31 BC",
        "2024-01-01", "999999-01-01", "294276", "29427"}) {
    EXPECT_FALSE(IsFarTimestampText(text)) << text;
  }
}

}  // namespace
}  // namespace calve
