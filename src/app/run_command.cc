#include <chrono>
#include <memory>

#include <spdlog/spdlog.h>

#include "app/commands.h"
#include "app/config/config_values.h"
#include "app/follow.h"
#include "app/interrupt.h"
#include "app/pipeline_round.h"
#include "app/report_parts.h"
#include "app/transformer.h"
#include "flow/caretaker.h"

namespace calve::app {
namespace {

constexpr std::chrono::milliseconds kDefaultPause(10'000);

struct RunOptions {
  bool follow = false;
  std::string every;
  std::string select;
};

/// Compacts what is due. The run is done by then: what fails here is put off.
flow::CareReport TakeCare(const flow::Pipeline& pipeline) {
  if (!pipeline.maintenance.automatic) {
    return {};
  }
  auto report = flow::Caretaker(pipeline).Look(
      /*expire=*/false, [] { return CheckInterrupt("the transform"); });
  if (!report) {
    spdlog::warn("maintenance is put off: {}", report.error().message);
    return {};
  }
  for (const std::string& warning : report->warnings) {
    spdlog::warn("{}", warning);
  }
  return *std::move(report);
}

/// Follows, and goes on with new secrets where the old ones are no longer taken: logins
/// change while a process lives for months.
Result<Document> FollowWithSecrets(Session& session, const PipelineNeeds& needs,
                                   Config config, flow::Pipeline pipeline,
                                   const FollowOptions& options) {
  session.KeepVaultLogin();
  std::vector<std::string> passwords = config.PasswordsToMask();
  while (true) {
    CALVE_ASSIGN(const Transformer transform,
                 MakeTransformer(config, session.environment()));
    auto outcome = Follow(pipeline, transform, options);
    if (outcome || outcome.error().kind != ErrorKind::kInvalidArgument) {
      return outcome;
    }
    session.secrets().Forget();
    auto fresh = session.LoadConfig(needs);
    if (!fresh || fresh->PasswordsToMask() == passwords) {
      return outcome;
    }
    spdlog::info("{}; secrets have changed, going on with the new ones",
                 outcome.error().message);
    passwords = fresh->PasswordsToMask();
    config = *std::move(fresh);
    CALVE_ASSIGN(pipeline, BuildPipeline(config, needs, session.environment()));
    pipeline.ledger_memory = std::make_shared<landing::LedgerMemory>();
  }
}

Result<Document> Run(Session& session, const RunOptions& options) {
  const PipelineNeeds needs{
      .source = true, .landing = true, .catalog = true, .models = true, .engine = true};
  CALVE_ASSIGN(const Config config, session.LoadConfig(needs));
  std::chrono::milliseconds pause = config.every.value_or(kDefaultPause);
  if (!options.every.empty()) {
    auto every = ParseDuration(options.every);
    if (!every) {
      return Error{every.error().kind, "--every " + every.error().message};
    }
    pause = *every;
  }
  CALVE_ASSIGN(flow::Pipeline pipeline,
               BuildPipeline(config, needs, session.environment()));
  pipeline.ledger_memory = std::make_shared<landing::LedgerMemory>();
  if (options.follow || !options.every.empty()) {
    return FollowWithSecrets(session, needs, config, std::move(pipeline),
                             {.select = options.select, .pause = pause});
  }
  CALVE_ASSIGN(const Transformer transform,
               MakeTransformer(config, session.environment()));
  flow::PendingFiles files(pipeline);
  CALVE_ASSIGN(const RoundReport report,
               RunRound(pipeline, transform, options.select, session.progress(), files));
  for (const flow::ExtractWarning& warning : report.extract.warnings) {
    spdlog::warn("{}", warning.text);
  }
  Document document;
  AddRound(report, report.empty() ? flow::CareReport() : TakeCare(pipeline), document);
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
