#include "core/timestamp.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace calve {
namespace {

TEST(ParseTimestampTest, TakesTheFormsOfPostgresAndIso) {
  const int64_t instant = 1'706'745'599'123'456;
  for (const char* text :
       {"2024-01-31 23:59:59.123456+00", "2024-01-31T23:59:59.123456Z",
        "2024-01-31 23:59:59.123456", "  2024-02-01 05:29:59.123456+05:30 ",
        "2024-01-31T15:59:59.123456-0800", "2024-01-31 23:59:59.1234564 UTC",
        "2024-02-01 00:59:58.123456 +00:59:59"}) {
    const auto parsed = ParseTimestamp(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->value, instant) << text;
  }
}

TEST(ParseTimestampTest, ShortFormsAndOddDays) {
  EXPECT_EQ(ParseTimestamp("1970-01-02")->value, 86'400'000'000);
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:01")->value, 60'000'000);
  EXPECT_EQ(ParseTimestamp("1970-01-01 24:00:00")->value, 86'400'000'000);
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:00.9999995")->value, 1'000'000);
  EXPECT_EQ(FormatPostgresTimestamp(*ParseTimestamp("0044-03-15 12:00:00+00 BC")),
            "0044-03-15 12:00:00+00 BC");
  EXPECT_EQ(FormatPostgresTimestamp(*ParseTimestamp("294246-12-31 23:59:59+00")),
            "294246-12-31 23:59:59+00");
}

TEST(ParseTimestampTest, RefusesWhatIsNoMoment) {
  for (const char* text :
       {"", "infinity", "-infinity", "2024", "2024-13-01", "2023-02-29",
        "2024-01-01 25:00:00", "2024-01-01 24:00:01", "2024-01-01 23:59:60",
        "2024-01-01 10:60:00", "2024-01-01T", "2024-01-01 10:00:00+",
        "2024-01-01 10:00:00+16", "2024-01-01 10:00:00.",
        "2024-01-01 10:00:00 Europe/Berlin", "294276-12-31 BC BC", "999999-01-01",
        "24-01-01", "2024-1-1"}) {
    const auto parsed = ParseTimestamp(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(TimestampLawTest, BothTextsParseBackToTheSameMoment) {
  const bool held = rc::check("format then parse is the identity", [] {
    // PostgreSQL's range: 4714 BC to 294276, less what microseconds since 1970 can't
    // hold.
    const TimestampUs time{
        *rc::gen::inRange<int64_t>(-210'866'803'200'000'000, 9'223'371'331'200'000'000)};
    RC_ASSERT(*ParseTimestamp(FormatPostgresTimestamp(time)) == time);
    if (CivilFromDays(time.value / 86'400'000'000 - 1).year >= 0) {
      RC_ASSERT(*ParseTimestamp(FormatIsoTimestamp(time)) == time);
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace calve
