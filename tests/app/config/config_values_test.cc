#include "app/config/config_values.h"

#include <gtest/gtest.h>

namespace calve::app {
namespace {

using std::chrono::milliseconds;

TEST(ConfigValuesTest, SizesAreReadAsPeopleWriteThem) {
  EXPECT_EQ(*ParseBytes("65536"), 65536);
  EXPECT_EQ(*ParseBytes("64MiB"), 64 << 20);
  EXPECT_EQ(*ParseBytes("64 mib"), 64 << 20);
  EXPECT_EQ(*ParseBytes("2M"), 2 << 20);
  EXPECT_EQ(*ParseBytes("3GB"), 3'000'000'000);
  EXPECT_EQ(*ParseBytes("10 B"), 10);
}

TEST(ConfigValuesTest, SpansOfTimeAreReadAsPeopleWriteThem) {
  EXPECT_EQ(*ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(*ParseDuration("30"), milliseconds(30'000));
  EXPECT_EQ(*ParseDuration("5m"), milliseconds(300'000));
  EXPECT_EQ(*ParseDuration("2 h"), milliseconds(7'200'000));
}

TEST(ConfigValuesTest, DigitsMayBeDivided) {
  EXPECT_EQ(*ParseInteger("1_000_000"), 1'000'000);
  EXPECT_EQ(*ParseInteger("1,000"), 1000);
}

TEST(ConfigValuesTest, EverythingElseIsRefused) {
  for (const char* text : {"", "-1", "1.5", "x", "1x", "_1", "99999999999999999999"}) {
    EXPECT_FALSE(ParseInteger(text)) << text;
    EXPECT_FALSE(ParseBytes(text)) << text;
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
  EXPECT_FALSE(ParseBytes("9223372036854775807GiB"));
}

}  // namespace
}  // namespace calve::app
