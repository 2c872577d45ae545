#include "table/data/bounds_truncation.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace calve::table {
namespace {

const Type kString = TypeOf(TypeId::kString);
const Type kBinary = TypeOf(TypeId::kBinary);

std::string Repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

TEST(BoundsTruncationTest, ShortTextStaysWhole) {
  EXPECT_EQ(TruncateLowerBound(kString, "0123456789abcdef", 16), "0123456789abcdef");
  EXPECT_EQ(TruncateUpperBound(kString, "0123456789abcdef", 16), "0123456789abcdef");
  EXPECT_EQ(TruncateUpperBound(kString, "", 16), "");
}

TEST(BoundsTruncationTest, LengthCountsCodePointsNotBytes) {
  const std::string clefs = Repeat("\U0001D11E", 17);
  EXPECT_EQ(TruncateLowerBound(kString, clefs, 16), Repeat("\U0001D11E", 16));
  EXPECT_EQ(TruncateUpperBound(kString, clefs, 16),
            Repeat("\U0001D11E", 15) + "\U0001D11F");
}

TEST(BoundsTruncationTest, RaisingSkipsSurrogates) {
  EXPECT_EQ(TruncateUpperBound(kString, "a\uD7FFz", 2), "a\uE000");
}

TEST(BoundsTruncationTest, RaisingCarriesOverTheLastCodePoint) {
  EXPECT_EQ(TruncateUpperBound(kString, "a\U0010FFFF\U0010FFFFz", 3), "b");
}

TEST(BoundsTruncationTest, TextThatCannotBeRaisedHasNoUpperBound) {
  EXPECT_EQ(TruncateUpperBound(kString, Repeat("\U0010FFFF", 17), 16), std::nullopt);
  EXPECT_EQ(TruncateUpperBound(kBinary, Repeat("\xFF", 17), 16), std::nullopt);
}

TEST(BoundsTruncationTest, BytesAreRaisedAsUnsigned) {
  EXPECT_EQ(TruncateUpperBound(kBinary, std::string("a\x7F\xFFz", 4), 3), "a\x80");
}

TEST(BoundsTruncationTest, TextThatIsNotUtf8KeepsItsUpperBoundWhole) {
  const std::string text = "ab\xC3" + Repeat("x", 20);
  EXPECT_EQ(TruncateUpperBound(kString, text, 16), text);
  EXPECT_EQ(TruncateLowerBound(kString, text, 16), "ab");
}

TEST(BoundsTruncationTest, TruncatedBoundsAreBounds) {
  const auto point = rc::gen::weightedOneOf<std::string>(
      {{4, rc::gen::element<std::string>("a", "b", "z", "0")},
       {2, rc::gen::element<std::string>("\u00E9", "\uD7FF", "\uE000", "\uFFFF")},
       {2, rc::gen::element<std::string>("\U0001F600", "\U0010FFFF")},
       {1, rc::gen::element<std::string>("\xFF", "\xC3", std::string(1, '\0'))},
       // Longer than need be, a surrogate, and beyond Unicode.
       {1, rc::gen::element<std::string>("\xE0\x80\x80", "\xF0\x80\x80\x80",
                                         "\xED\xA0\x80", "\xF4\x90\x80\x80")}});
  EXPECT_TRUE(rc::check([&] {
    const auto points = *rc::gen::container<std::vector<std::string>>(point);
    std::string value;
    for (const std::string& part : points) {
      value += part;
    }
    const int length = *rc::gen::inRange(1, 20);
    for (const Type& type : {kString, kBinary}) {
      RC_ASSERT(TruncateLowerBound(type, value, length) <= value);
      const auto upper = TruncateUpperBound(type, value, length);
      RC_ASSERT(upper.value_or(value) >= value);
    }
  }));
}

}  // namespace
}  // namespace calve::table
