#include "core/foreign_text.h"

#include <string>

#include <gtest/gtest.h>

namespace calve {
namespace {

TEST(ForeignTextTest, ControlCharactersAndLineBreaksBecomeOneSpace) {
  EXPECT_EQ(InOneLine("  one\r\n\ttwo \x1b[31mred\x7f ", 100), "one two [31mred");
  EXPECT_EQ(InOneLine("a\xC2\x9B"
                      "31mb",
                      100),
            "a 31mb");
  EXPECT_EQ(InOneLine("\xC2\xA0"
                      "é",
                      100),
            "\xC2\xA0"
            "é");
  EXPECT_EQ(InOneLine("\n\n", 100), "");
  EXPECT_EQ(InOneLine("", 3), "");
}

TEST(ForeignTextTest, ALongOneIsCutBetweenCharacters) {
  EXPECT_EQ(InOneLine("abcdef", 6), "abcdef");
  EXPECT_EQ(InOneLine("abcdef  ", 6), "abcdef");
  EXPECT_EQ(InOneLine("abcdef", 5), "ab…");
  EXPECT_EQ(InOneLine("aéé x", 6), "aé…");
  EXPECT_EQ(InOneLine("aéé x", 5), "a…");
  EXPECT_EQ(InOneLine("éééé", 4), "…");
  EXPECT_EQ(InOneLine("\x80\x80\x80\x80", 3), "…");
}

}  // namespace
}  // namespace calve
