#include "io/failpoint.h"

#include <gtest/gtest.h>

namespace calve::io {
namespace {

TEST(FailpointTest, APlanNamesAnActionAndThePlaceThatItStrikesAt) {
  const auto plan = ParseFailpoint("kill@17");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->action, FailpointPlan::Action::kKill);
  EXPECT_EQ(plan->at, 17);
  EXPECT_EQ(ParseFailpoint("stop@1")->action, FailpointPlan::Action::kStop);
  EXPECT_EQ(ParseFailpoint("error@2")->action, FailpointPlan::Action::kError);
}

TEST(FailpointTest, AnythingElseIsRefusedWithTheFormsThatExist) {
  for (const char* text : {"kill", "kill@", "kill@0", "kill@-1", "kill@1x", "burn@1",
                           "@1", "kill@99999999999999999999"}) {
    const auto plan = ParseFailpoint(text);
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(plan.error().message,
              "CALVE_FAILPOINT is kill@N, stop@N or error@N with N from 1, not '" +
                  std::string(text) + "'");
  }
}

TEST(FailpointTest, PassesWhereNothingWasAskedFor) {
  EXPECT_TRUE(Failpoint("any.place", "anything"));
}

}  // namespace
}  // namespace calve::io
