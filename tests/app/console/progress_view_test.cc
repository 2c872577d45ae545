#include "app/console/progress_view.h"

#include <algorithm>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace calve::app {
namespace {

class ManualClock final : public Clock {
 public:
  TimestampUs Now() override { return now_; }
  void Pass(int64_t milliseconds) { now_.value += milliseconds * 1000; }

 private:
  TimestampUs now_{1'700'000'000'000'000};
};

class ProgressViewTest : public ::testing::Test {
 protected:
  std::unique_ptr<Progress> Make(ProgressMode mode, bool terminal = false) {
    return MakeProgress({.mode = mode, .terminal = terminal}, messages_, clock_);
  }

  std::ostringstream out_;
  MessageStream messages_{out_};
  ManualClock clock_;
};

TEST_F(ProgressViewTest, PlainLinesTellOfLongStepsAndTheirEnd) {
  const auto progress = Make(ProgressMode::kAuto);
  progress->Begin("extract", 1'000'000, "events");
  clock_.Pass(2000);
  progress->Advance(300'000);
  clock_.Pass(3000);
  progress->Advance(200'000);
  clock_.Pass(1000);
  progress->Advance(500'000);
  progress->End("3 files");
  EXPECT_EQ(out_.str(),
            "extract: 500,000 of 1,000,000 events, 100,000/s\n"
            "extract: 1,000,000 events in 6.0 s (166,667/s): 3 files\n");
}

TEST_F(ProgressViewTest, PlainStepWithoutUnitsShowsItsNoteAlone) {
  const auto progress = Make(ProgressMode::kPlain);
  progress->Begin("transform", 0, "rows");
  progress->End("nothing new");
  EXPECT_EQ(out_.str(), "transform: nothing new\n");
}

TEST_F(ProgressViewTest, JsonLinesTellBeginRunningAndEnd) {
  const auto progress = Make(ProgressMode::kJson);
  progress->Begin("ingest", 0, "rows");
  clock_.Pass(500);
  progress->Advance(10);
  clock_.Pass(1500);
  progress->Advance(5);
  progress->End("done");
  EXPECT_EQ(
      out_.str(),
      R"({"step":"ingest","state":"begin","done":0,"total":null,"unit":"rows","seconds":0.0}
{"step":"ingest","state":"running","done":15,"total":null,"unit":"rows","seconds":2.0}
{"step":"ingest","state":"end","done":15,"total":null,"unit":"rows","seconds":2.0,"note":"done"}
)");
}

TEST_F(ProgressViewTest, NoneShowsNothing) {
  const auto progress = Make(ProgressMode::kNone, /*terminal=*/true);
  progress->Begin("x", 1, "rows");
  clock_.Pass(10'000);
  progress->Advance(1);
  progress->End("done");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ProgressViewTest, BarOnATerminalIsDrawnAtMostTenTimesASecond) {
  const auto progress = Make(ProgressMode::kAuto, /*terminal=*/true);
  progress->Begin("extract", 1000, "events");
  for (int i = 0; i < 1000; ++i) {
    clock_.Pass(1);
    progress->Advance(1);
  }
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 11);  // and one for Begin
  EXPECT_NE(text.find("extract    ████████████░░░░░░░░░░░░  50 %  500 of 1,000 events  "
                      "1,000/s  0.50 s left"),
            std::string::npos)
      << text;
  progress->End("");
  EXPECT_TRUE(
      out_.str().ends_with("\r\x1b[2K✓ extract: 1,000 events in 1.0 s (1,000/s)\n"))
      << out_.str();
}

TEST_F(ProgressViewTest, BarOfAFailedStepLeavesNoTrace) {
  Make(ProgressMode::kBar)->Begin("extract", 10, "events");
  EXPECT_TRUE(out_.str().ends_with("\r\x1b[2K"));
}

TEST_F(ProgressViewTest, SecretsAreMaskedInEveryLine) {
  messages_.Mask({"hunter2", "ecom"});
  messages_.Print("cannot connect as ecom with hunter2 to public.ecommerce");
  EXPECT_EQ(out_.str(), "cannot connect as *** with *** to public.ecommerce\n");
}

}  // namespace
}  // namespace calve::app
