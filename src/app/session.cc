#include "app/session.h"

#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "io/http/http_client.h"

namespace calve::app {

Session::Session(GlobalOptions options, Surroundings surroundings,
                 MessageStream& messages)
    : options_(std::move(options)),
      surroundings_(std::move(surroundings)),
      messages_(messages),
      secrets_(surroundings_.environment) {
  progress_ =
      MakeProgress({.mode = options_.quiet ? ProgressMode::kNone : options_.progress,
                    .terminal = surroundings_.messages_on_terminal,
                    .color = color_wanted() && surroundings_.messages_on_terminal},
                   messages_, clock_);
}

bool Session::color_wanted() const {
  return !options_.no_color && Lookup(surroundings_.environment, "NO_COLOR").empty();
}

bool Session::output_color() const {
  return color_wanted() && surroundings_.output_on_terminal;
}

ConfigRequest Session::Request() const {
  return {.file = options_.config_file,
          .assignments = options_.assignments,
          .environment = surroundings_.environment};
}

Result<ConfigLayers> Session::LoadLayers() {
  return app::LoadLayers(Request());
}

Result<Config> Session::LoadConfig(const PipelineNeeds& needs) {
  const SecretNeeds secret_needs{.source = needs.source,
                                 .landing = needs.landing,
                                 .catalog = needs.catalog,
                                 .trino = needs.trino,
                                 .engine = needs.engine};
  auto config = app::LoadConfig(Request(), {.store = &secrets_, .needs = secret_needs});
  MaskSecrets(config ? config->PasswordsToMask() : std::vector<std::string>());
  return config;
}

void Session::MaskSecrets(std::vector<std::string> others) {
  for (const secrets::Secret& secret : secrets_.sensitive()) {
    others.push_back(secret.Reveal());
    others.push_back(io::PercentEncode(secret.Reveal(), /*keep_slashes=*/false));
  }
  if (!others.empty()) {
    // Neither a dump nor another process of this user's is to find them in memory.
    (void)::prctl(PR_SET_DUMPABLE, 0);
  }
  masked_.insert(others.begin(), others.end());
  messages_.Mask({masked_.begin(), masked_.end()});
}

void Session::KeepVaultLogin() {
  if (secrets::VaultClient* const vault = secrets_.VaultInUse()) {
    vault->KeepRenewed([](const std::string& problem) { spdlog::warn("{}", problem); });
  }
}

Result<flow::Pipeline> Session::LoadPipeline(const PipelineNeeds& needs) {
  CALVE_ASSIGN(const Config config, LoadConfig(needs));
  return BuildPipeline(config, needs, environment());
}

void Session::Set(const std::string& key, const std::string& value) {
  options_.assignments.push_back(key + "=" + value);
}

void Session::Say(const std::string& line) {
  if (!options_.quiet) {
    messages_.Print(line);
  }
}

Status Session::Confirm(const std::string& question) {
  if (options_.yes) {
    return {};
  }
  if (!surroundings_.messages_on_terminal || isatty(STDIN_FILENO) == 0) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("{} needs your word: repeat with --yes", question)};
  }
  messages_.DrawStatus(question + "? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") {
    return {};
  }
  return Error{ErrorKind::kCancelled, fmt::format("{}: not done", question)};
}

}  // namespace calve::app
