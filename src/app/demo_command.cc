#include <memory>

#include "app/commands.h"
#include "app/demo.h"

namespace calve::app {

void AddDemoCommand(Commands& commands) {
  auto options = std::make_shared<DemoOptions>();
  CommandOptions parser = commands.Add(
      "demo", "Run the whole pipeline on a private PostgreSQL and a local warehouse",
      [options](Session& session) { return RunDemo(session, *options); });
  parser.Count("--events", options->events, "Order events to begin with")
      .Text("--dir", options->folder, "Where everything goes")
      .Flag("--keep-running", options->keep_running, "Leave PostgreSQL running")
      .Flag("--stop", options->stop, "Stop the PostgreSQL that a demo left running")
      .Excludes("--keep-running");
}

}  // namespace calve::app
