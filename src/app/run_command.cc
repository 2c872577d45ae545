#include <algorithm>
#include <chrono>
#include <memory>

#include <spdlog/spdlog.h>

#include "app/commands.h"
#include "app/config/config_values.h"
#include "app/console/render.h"
#include "app/interrupt.h"
#include "app/pipeline_round.h"
#include "app/report_parts.h"

namespace calve::app {
namespace {

constexpr std::chrono::milliseconds kDefaultPause(10'000);

struct RunOptions {
  bool follow = false;
  std::string every;
  std::string select;
};

/// What several rounds did in all.
struct Totals {
  int64_t rounds = 0;
  int64_t extracted_rows = 0;
  int64_t ingested_rows = 0;
  int64_t quarantined = 0;
  std::vector<std::string> warned_about;  // in the round before
};

Document TotalsDocument(const Totals& totals) {
  Document document;
  Record& record = document.AddRecord("follow");
  record.Add("rounds", totals.rounds, CellFormat::kCount);
  record.Add("extracted_rows", totals.extracted_rows, CellFormat::kCount);
  record.Add("ingested_rows", totals.ingested_rows, CellFormat::kCount);
  record.Add("quarantined", totals.quarantined, CellFormat::kCount);
  return document;
}

/// Whether a later round may succeed where this one failed.
bool IsPassing(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kConflict ||
         kind == ErrorKind::kCommitUnknown;
}

/// Says each warning that the round before did not have.
void Warn(const std::vector<flow::ExtractWarning>& warnings,
          std::vector<std::string>& warned_about) {
  std::vector<std::string> about;
  for (const flow::ExtractWarning& warning : warnings) {
    if (std::find(warned_about.begin(), warned_about.end(), warning.about) ==
        warned_about.end()) {
      spdlog::warn("{}", warning.text);
    }
    about.push_back(warning.about);
  }
  warned_about = std::move(about);
}

/// One round of many. \return an Error that ends the loop
Status FollowRound(const flow::Pipeline& pipeline, const std::string& select,
                   Totals& totals) {
  NoProgress silent;
  const Result<RoundReport> report = RunRound(pipeline, select, silent);
  if (!report) {
    if (!IsPassing(report.error().kind)) {
      return report.error();
    }
    spdlog::warn("{}; trying again", report.error().message);
    return {};
  }
  ++totals.rounds;
  totals.extracted_rows += report->extract.rows;
  totals.ingested_rows += report->ingested_rows;
  totals.quarantined += report->quarantined();
  Warn(report->extract.warnings, totals.warned_about);
  if (!report->empty()) {
    spdlog::info("round {}: {} events extracted, {} ingested, {} commits, {}",
                 totals.rounds, FormatCount(report->extract.rows),
                 FormatCount(report->ingested_rows), report->transform.commits,
                 FormatSeconds(report->seconds()));
  }
  return {};
}

/// Rounds until a signal comes, which is the good end.
Result<Document> Follow(const flow::Pipeline& pipeline, const RunOptions& options,
                        std::chrono::milliseconds pause) {
  Totals totals;
  spdlog::info("following {}; Ctrl-C ends it", pipeline.name);
  while (!Interrupted()) {
    const Status round = FollowRound(pipeline, options.select, totals);
    if (!round && round.error().kind != ErrorKind::kCancelled) {
      return round.error();
    }
    SleepInterruptibly(pause);
  }
  return TotalsDocument(totals);
}

Result<Document> Run(Session& session, const RunOptions& options) {
  CALVE_ASSIGN(const Config config, session.LoadConfig());
  std::chrono::milliseconds pause = config.every.value_or(kDefaultPause);
  if (!options.every.empty()) {
    auto every = ParseDuration(options.every);
    if (!every) {
      return Error{every.error().kind, "--every " + every.error().message};
    }
    pause = *every;
  }
  CALVE_ASSIGN(
      const flow::Pipeline pipeline,
      BuildPipeline(config,
                    {.source = true, .landing = true, .catalog = true, .models = true},
                    session.environment()));
  if (options.follow || !options.every.empty()) {
    return Follow(pipeline, options, pause);
  }
  CALVE_ASSIGN(const RoundReport report,
               RunRound(pipeline, options.select, session.progress()));
  std::vector<std::string> none_before;
  Warn(report.extract.warnings, none_before);
  Document document;
  AddRound(report, document);
  return document;
}

}  // namespace

void AddRunCommand(Commands& commands) {
  auto options = std::make_shared<RunOptions>();
  CommandOptions parser =
      commands.Add("run", "Extract, ingest and transform what is new",
                   [options](Session& session) { return Run(session, *options); });
  parser.Flag("--follow", options->follow, "Go on until a signal comes")
      .Text("--every", options->every,
            "Pause between rounds, such as 10s (implies --follow)")
      .Text("-s,--select", options->select,
            "Models to transform: names, layers, +name, name+");
}

}  // namespace calve::app
