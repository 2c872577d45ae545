#include "app/config/dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace calve::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DsnTest, PasswordsAreFoundInEveryForm) {
  EXPECT_THAT(PasswordsIn("postgresql://ecom:hunter2@db:5432/shop"),
              ElementsAre("hunter2"));
  EXPECT_THAT(PasswordsIn("postgres://u:p%40ss@h/d"), ElementsAre("p%40ss", "p@ss"));
  EXPECT_THAT(PasswordsIn("postgresql://db/shop?user=u&password=hunter2&sslmode=require"),
              ElementsAre("hunter2"));
  EXPECT_THAT(PasswordsIn("postgresql://db/shop?sslpassword=key"), ElementsAre("key"));
  EXPECT_THAT(PasswordsIn("host=db password=hunter2 user=u"), ElementsAre("hunter2"));
  EXPECT_THAT(PasswordsIn("host=db password = 'a b\\'c' user=u"), ElementsAre("a b'c"));
}

TEST(DsnTest, PasswordOfAMalformedUriIsFoundToo) {
  EXPECT_THAT(PasswordsIn("postgresql://u:p@ss/word@h/d"), Contains("p@ss/word"));
}

TEST(DsnTest, ThePasswordThatLibpqReadsIsFoundWhateverStandsAroundIt) {
  EXPECT_THAT(PasswordsIn("postgres://u:hunter2@h/d?options=a@b"), Contains("hunter2"));
  EXPECT_THAT(PasswordsIn("postgres://u:hunter2@x@h/d"), Contains("hunter2"));
  EXPECT_THAT(PasswordsIn("postgres://h/d?password=a?b"), Contains("a?b"));
  EXPECT_THAT(PasswordsIn("postgres://u?=:p@h/d?password=hunter2"), Contains("hunter2"));
  EXPECT_THAT(PasswordsIn("postgres://h/d?pass%77ord=hunter2"), Contains("hunter2"));
  EXPECT_THAT(PasswordsIn("password=hun://ter2 host=h"), Contains("hun://ter2"));
  EXPECT_THAT(PasswordsIn("password\r=\v'hunter2'"), Contains("hunter2"));
  EXPECT_THAT(PasswordsIn("password=hunter2\\"), Contains("hunter2"));
}

TEST(DsnTest, WhereThereIsNoneNoneIsFound) {
  EXPECT_THAT(PasswordsIn("postgresql://ecom@db:5432/shop"), IsEmpty());
  EXPECT_THAT(PasswordsIn("postgresql://db:5432/shop"), IsEmpty());
  EXPECT_THAT(PasswordsIn("host=db passfile=/x"), IsEmpty());
  EXPECT_THAT(PasswordsIn("password="), IsEmpty());
  EXPECT_THAT(PasswordsIn(""), IsEmpty());
}

TEST(DsnTest, BuiltStringsQuoteWhatNeedsIt) {
  EXPECT_EQ(BuildDsn({{"host", "db"}, {"password", R"(a'b\c)"}}),
            R"(host='db' password='a\'b\\c')");
}

}  // namespace
}  // namespace calve::app
