#include "app/session.h"

#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace calve::app {

Session::Session(GlobalOptions options, Surroundings surroundings,
                 MessageStream& messages)
    : options_(std::move(options)),
      surroundings_(std::move(surroundings)),
      messages_(messages) {
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

Result<Config> Session::LoadConfig() {
  CALVE_ASSIGN(Config config, app::LoadConfig({.file = options_.config_file,
                                               .assignments = options_.assignments,
                                               .environment = environment()}));
  messages_.Mask(config.PasswordsToMask());
  return config;
}

Result<flow::Pipeline> Session::LoadPipeline(const PipelineNeeds& needs) {
  CALVE_ASSIGN(const Config config, LoadConfig());
  return BuildPipeline(config, needs, environment());
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
