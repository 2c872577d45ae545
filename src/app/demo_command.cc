#include <memory>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/demo.h"

namespace calve::app {

void AddDemoCommand(Commands& commands) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App& parser = commands.Add(
      "demo", "Run the whole pipeline on a private PostgreSQL and a local warehouse",
      [options](Session& session) { return RunDemo(session, *options); });
  parser.add_option("--events", options->events, "Order events to begin with")
      ->check(CLI::PositiveNumber);
  parser.add_option("--dir", options->folder, "Where everything goes");
  auto* keep = parser.add_flag("--keep-running", options->keep_running,
                               "Leave PostgreSQL running");
  parser
      .add_flag("--stop", options->stop, "Stop the PostgreSQL that a demo left running")
      ->excludes(keep);
}

}  // namespace calve::app
