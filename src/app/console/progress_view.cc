#include "app/console/progress_view.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/console/render.h"

namespace calve::app {
namespace {

constexpr int64_t kBarPauseUs = 100'000;
constexpr int64_t kJsonPauseUs = 1'000'000;
constexpr int64_t kPlainPauseUs = 5'000'000;

/// Counts a step's units and the time since it began; a subclass shows them, at most once
/// in `pause_us`.
class StepMeter : public Progress {
 public:
  StepMeter(MessageStream& messages, Clock& clock, int64_t pause_us)
      : messages_(messages), clock_(clock), pause_us_(pause_us) {}

  void Begin(std::string_view step, int64_t total, std::string_view unit) final {
    step_ = step;
    unit_ = unit;
    total_ = total;
    done_ = 0;
    started_us_ = clock_.Now().value;
    shown_us_ = started_us_;
    ShowBegin();
  }

  void Advance(int64_t units) final {
    done_ += units;
    const int64_t now = clock_.Now().value;
    if (now - shown_us_ >= pause_us_) {
      shown_us_ = now;
      ShowRunning();
    }
  }

  void End(std::string_view note) final { ShowEnd(note); }

 protected:
  virtual void ShowBegin() = 0;
  virtual void ShowRunning() = 0;
  virtual void ShowEnd(std::string_view note) = 0;

  double seconds() const {
    constexpr double kMicro = 1e-6;
    return std::max(0.0, static_cast<double>(clock_.Now().value - started_us_) * kMicro);
  }
  double rate() const {
    const double time = seconds();
    return time > 0 ? static_cast<double>(done_) / time : 0;
  }
  std::string RateText() const {
    return fmt::format("{}/s", FormatCount(std::llround(rate())));
  }
  /// `450,000 of 1,000,000 events`, `450,000 events`
  std::string AmountText() const {
    return total_ > 0 ? fmt::format("{} of {} {}", FormatCount(done_),
                                    FormatCount(total_), unit_)
                      : fmt::format("{} {}", FormatCount(done_), unit_);
  }
  /// `extract: 1,000,000 events in 4.8 s (208,333/s): 3 files`
  std::string Summary(std::string_view note) const {
    std::string text = step_ + ":";
    if (done_ > 0) {
      text += fmt::format(" {} {} in {} ({})", FormatCount(done_), unit_,
                          FormatSeconds(seconds()), RateText());
      text += note.empty() ? "" : ":";
    }
    return text + (note.empty() ? "" : " " + std::string(note));
  }

  MessageStream& messages_;  // Both outlive this.
  Clock& clock_;
  std::string step_;
  std::string unit_;
  int64_t total_ = 0;
  int64_t done_ = 0;

 private:
  int64_t pause_us_;
  int64_t started_us_ = 0;
  int64_t shown_us_ = 0;
};

class Bar final : public StepMeter {
 public:
  Bar(MessageStream& messages, Clock& clock, bool color)
      : StepMeter(messages, clock, kBarPauseUs), color_(color) {}
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;
  ~Bar() override { messages_.ClearStatus(); }

 private:
  void ShowBegin() override { messages_.DrawStatus(fmt::format("{:<10} …", step_)); }

  void ShowRunning() override {
    messages_.DrawStatus(
        total_ > 0 ? WithTotal()
                   : fmt::format("{:<10} {}  {}", step_, AmountText(), RateText()));
  }

  void ShowEnd(std::string_view note) override {
    const std::string mark = color_ ? "\x1b[32m✓\x1b[0m " : "✓ ";
    messages_.Print(mark + Summary(note));
  }

  std::string WithTotal() const {
    constexpr int kCells = 24;
    constexpr double kPercent = 100;
    const double share =
        std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    const int full = static_cast<int>(share * kCells);
    std::string cells;
    for (int i = 0; i < kCells; ++i) {
      cells += i < full ? "█" : "░";
    }
    const double left = rate() > 0 ? static_cast<double>(total_ - done_) / rate() : 0;
    return fmt::format("{:<10} {} {:3.0f} %  {}  {}  {} left", step_, cells,
                       std::floor(share * kPercent), AmountText(), RateText(),
                       FormatSeconds(std::max(0.0, left)));
  }

  bool color_;
};

class PlainLines final : public StepMeter {
 public:
  PlainLines(MessageStream& messages, Clock& clock)
      : StepMeter(messages, clock, kPlainPauseUs) {}

 private:
  void ShowBegin() override {}
  void ShowRunning() override {
    messages_.Print(fmt::format("{}: {}, {}", step_, AmountText(), RateText()));
  }
  void ShowEnd(std::string_view note) override { messages_.Print(Summary(note)); }
};

class JsonLines final : public StepMeter {
 public:
  JsonLines(MessageStream& messages, Clock& clock)
      : StepMeter(messages, clock, kJsonPauseUs) {}

 private:
  void ShowBegin() override { Print("begin", ""); }
  void ShowRunning() override { Print("running", ""); }
  void ShowEnd(std::string_view note) override { Print("end", note); }

  void Print(std::string_view state, std::string_view note) {
    nlohmann::ordered_json line{{"step", step_}, {"state", state}, {"done", done_}};
    line["total"] = total_ > 0 ? nlohmann::ordered_json(total_) : nullptr;
    line["unit"] = unit_;
    line["seconds"] = seconds();
    if (!note.empty()) {
      line["note"] = note;
    }
    messages_.Print(line.dump(-1, ' ', /*ensure_ascii=*/false,
                              nlohmann::ordered_json::error_handler_t::replace));
  }
};

}  // namespace

std::optional<ProgressMode> ParseProgressMode(std::string_view name) {
  if (name == "auto") {
    return ProgressMode::kAuto;
  }
  if (name == "bar") {
    return ProgressMode::kBar;
  }
  if (name == "plain") {
    return ProgressMode::kPlain;
  }
  if (name == "json") {
    return ProgressMode::kJson;
  }
  if (name == "none") {
    return ProgressMode::kNone;
  }
  return std::nullopt;
}

std::unique_ptr<Progress> MakeProgress(const ProgressOptions& options,
                                       MessageStream& messages, Clock& clock) {
  ProgressMode mode = options.mode;
  if (mode == ProgressMode::kAuto) {
    mode = options.terminal ? ProgressMode::kBar : ProgressMode::kPlain;
  }
  switch (mode) {
    case ProgressMode::kBar:
      return std::make_unique<Bar>(messages, clock, options.color);
    case ProgressMode::kPlain:
      return std::make_unique<PlainLines>(messages, clock);
    case ProgressMode::kJson:
      return std::make_unique<JsonLines>(messages, clock);
    case ProgressMode::kAuto:
    case ProgressMode::kNone:
      break;
  }
  return std::make_unique<NoProgress>();
}

}  // namespace calve::app
