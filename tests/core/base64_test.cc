#include "core/base64.h"

#include <gtest/gtest.h>

namespace calve {
namespace {

using namespace std::string_view_literals;

TEST(Base64Test, TextsAreThoseOfTheRfc) {
  EXPECT_EQ(BytesToBase64(""), "");
  EXPECT_EQ(BytesToBase64("f"), "Zg==");
  EXPECT_EQ(BytesToBase64("fo"), "Zm8=");
  EXPECT_EQ(BytesToBase64("foo"), "Zm9v");
  EXPECT_EQ(BytesToBase64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(BytesToBase64("\0\xFF\xFE"sv), "AP/+");
}

}  // namespace
}  // namespace calve
