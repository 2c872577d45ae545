#include "app/follow.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "app/console/render.h"
#include "app/interrupt.h"
#include "app/pipeline_round.h"
#include "flow/caretaker.h"

namespace calve::app {
namespace {

constexpr std::chrono::milliseconds kFirstRetryPause(1'000);
constexpr std::chrono::milliseconds kLongestRetryPause(60'000);

/// Whether a later round may succeed where this one failed.
bool IsPassing(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kConflict ||
         kind == ErrorKind::kCommitUnknown;
}

/// What several rounds did in all.
struct Totals {
  int64_t rounds = 0;
  int64_t extracted_rows = 0;
  int64_t ingested_rows = 0;
  int64_t quarantined = 0;
  int64_t compactions = 0;
  int64_t expired_snapshots = 0;

  Document ToDocument() const {
    Document document;
    Record& record = document.AddRecord("follow");
    record.Add("rounds", rounds, CellFormat::kCount);
    record.Add("extracted_rows", extracted_rows, CellFormat::kCount);
    record.Add("ingested_rows", ingested_rows, CellFormat::kCount);
    record.Add("quarantined", quarantined, CellFormat::kCount);
    record.Add("compactions", compactions, CellFormat::kCount);
    record.Add("expired_snapshots", expired_snapshots, CellFormat::kCount);
    return document;
  }
};

class Follower {
 public:
  Follower(const flow::Pipeline& pipeline, const Transformer& transform,
           const FollowOptions& options)
      : pipeline_(pipeline),
        transform_(transform),
        options_(options),
        caretaker_(pipeline),
        files_(pipeline) {}

  Result<Document> Run() {
    while (!Interrupted()) {
      const auto report =
          RunRound(pipeline_, transform_, options_.select, silent_, files_);
      if (report) {
        Succeeded(*report);
      } else if (report.error().kind != ErrorKind::kCancelled) {
        if (!IsPassing(report.error().kind)) {
          return report.error();
        }
        Failed(report.error());
      }
      SleepInterruptibly(std::max(options_.pause, retry_pause_));
    }
    return totals_.ToDocument();
  }

 private:
  void Succeeded(const RoundReport& report) {
    if (failures_ > 0) {
      spdlog::info("going on after {} failed rounds", failures_);
    }
    failures_ = 0;
    retry_pause_ = {};
    ++totals_.rounds;
    totals_.extracted_rows += report.extract.rows;
    totals_.ingested_rows += report.ingested_rows;
    totals_.quarantined += report.quarantined();
    Warn(report.extract.warnings);
    if (report.empty()) {
      return;
    }
    spdlog::info("round {}: {} events extracted, {} ingested, {} commits, {}",
                 totals_.rounds, FormatCount(report.extract.rows),
                 FormatCount(report.ingested_rows), report.transform.commits,
                 FormatSeconds(report.seconds()));
    TakeCare();
  }

  /// Says each warning that the round before did not have.
  void Warn(const std::vector<flow::ExtractWarning>& warnings) {
    std::vector<std::string> about;
    for (const flow::ExtractWarning& warning : warnings) {
      if (std::ranges::find(warned_about_, warning.about) == warned_about_.end()) {
        spdlog::warn("{}", warning.text);
      }
      about.push_back(warning.about);
    }
    warned_about_ = std::move(about);
  }

  void Failed(const Error& error) {
    if (failures_++ == 0) {
      spdlog::warn("{}; trying again until it passes", error.message);
    } else {
      spdlog::debug("{}", error.message);
    }
    retry_pause_ = std::clamp(2 * retry_pause_, kFirstRetryPause, kLongestRetryPause);
  }

  void TakeCare() {
    if (!pipeline_.maintenance.automatic) {
      return;
    }
    const auto report =
        caretaker_.Look(/*expire=*/true, [] { return CheckInterrupt("a round"); });
    if (!report) {
      if (report.error().kind != ErrorKind::kCancelled) {
        spdlog::warn("maintenance is put off: {}", report.error().message);
      }
      return;
    }
    for (const std::string& warning : report->warnings) {
      spdlog::warn("{}", warning);
    }
    totals_.compactions += report->compaction.commits;
    totals_.expired_snapshots += report->expired_snapshots;
    if (report->compaction.commits > 0 || report->expired_snapshots > 0) {
      spdlog::info("maintenance: {} files compacted into {}, {} snapshots expired",
                   report->compaction.removed_data_files,
                   report->compaction.added_data_files, report->expired_snapshots);
    }
  }

  const flow::Pipeline& pipeline_;  // Outlives this object.
  const Transformer& transform_;    // Likewise, as does this.
  const FollowOptions& options_;
  flow::Caretaker caretaker_;
  flow::PendingFiles files_;
  NoProgress silent_;
  Totals totals_;
  std::vector<std::string> warned_about_;  // in the round before
  int64_t failures_ = 0;                   // since the last good round
  std::chrono::milliseconds retry_pause_{0};
};

}  // namespace

Result<Document> Follow(const flow::Pipeline& pipeline, const Transformer& transform,
                        const FollowOptions& options) {
  spdlog::info("following {}; Ctrl-C ends it", pipeline.name);
  return Follower(pipeline, transform, options).Run();
}

}  // namespace calve::app
