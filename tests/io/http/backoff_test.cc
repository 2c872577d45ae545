#include "io/http/backoff.h"

#include <gtest/gtest.h>

namespace calve::io {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, EndsAfterItsAttempts) {
  Backoff backoff({.attempts = 3, .first = milliseconds(0), .longest = milliseconds(0)},
                  1);
  EXPECT_TRUE(backoff.Wait());
  EXPECT_TRUE(backoff.Wait());
  EXPECT_FALSE(backoff.Wait());
}

TEST(BackoffTest, PausesBetweenHalfAndAllOfTheSpanAndNotAllAlike) {
  bool differ = false;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(
        {.attempts = 2, .first = milliseconds(100), .longest = milliseconds(150)}, seed);
    const milliseconds pause = backoff.NextPause();
    EXPECT_GE(pause, milliseconds(50));
    EXPECT_LE(pause, milliseconds(100));
    differ = differ || pause != backoff.NextPause();
  }
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace calve::io
