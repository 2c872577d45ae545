#pragma once

/// \file app/session.h
/// What every command works with: the global options, the environment, and where messages
/// go.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config/config_file.h"
#include "app/console/log.h"
#include "app/console/message_stream.h"
#include "app/console/progress_view.h"
#include "app/console/render.h"
#include "app/pipeline_builder.h"
#include "io/system.h"

namespace calve::app {

struct GlobalOptions {
  std::optional<std::string> config_file;
  std::vector<std::string> assignments;
  OutputFormat format = OutputFormat::kText;
  ProgressMode progress = ProgressMode::kAuto;
  LogOptions log;
  bool yes = false;
  bool quiet = false;
  bool no_color = false;
};

/// Where a command runs.
struct Surroundings {
  Environment environment;
  bool messages_on_terminal = false;
  bool output_on_terminal = false;
};

/// One command's run. Not thread-safe.
class Session {
 public:
  /// `messages` outlives the session.
  Session(GlobalOptions options, Surroundings surroundings, MessageStream& messages);

  const GlobalOptions& options() const { return options_; }
  const Environment& environment() const { return surroundings_.environment; }
  MessageStream& messages() { return messages_; }
  Progress& progress() { return *progress_; }
  Clock& clock() { return clock_; }
  /// Whether text on stdout may be coloured.
  bool output_color() const;

  /// The configuration; from now on its passwords are masked in messages.
  Result<Config> LoadConfig();

  /// The pipeline of the configuration.
  Result<flow::Pipeline> LoadPipeline(const PipelineNeeds& needs);

  /// A message for people, left out with -q.
  void Say(const std::string& line);

  /// Whether the user agrees: -y, or "y" on a terminal. kInvalidArgument if there is
  /// nobody to ask.
  Status Confirm(const std::string& question);

 private:
  bool color_wanted() const;

  GlobalOptions options_;
  Surroundings surroundings_;
  MessageStream& messages_;
  io::SystemClock clock_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace calve::app
