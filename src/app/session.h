#pragma once

/// \file app/session.h
/// What every command works with: the global options, the environment, and where messages
/// go.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/config/config_file.h"
#include "app/console/log.h"
#include "app/console/message_stream.h"
#include "app/console/progress_view.h"
#include "app/console/render.h"
#include "app/pipeline_builder.h"
#include "io/system.h"
#include "secrets/secret_store.h"

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

  /// The configuration, with the secrets of the parts that are needed; from now on
  /// whatever is secret in it is masked in messages, and the process leaves no core dump.
  Result<Config> LoadConfig(const PipelineNeeds& needs);

  /// Sets a key of the configuration, as `--set` does, for a flag that stands for it.
  void Set(const std::string& key, const std::string& value);

  /// The layers of the configuration, not yet read.
  Result<ConfigLayers> LoadLayers();

  /// Where secrets come from; what was read from a vault stays here for the next
  /// LoadConfig.
  secrets::SecretStore& secrets() { return secrets_; }
  /// Renews the login at the vault, if there is one, until the session ends; what fails
  /// is logged.
  void KeepVaultLogin();
  /// Masks these and what the store has given so far.
  void MaskSecrets(std::vector<std::string> others);

  /// The pipeline of the configuration.
  Result<flow::Pipeline> LoadPipeline(const PipelineNeeds& needs);

  /// A message for people, left out with -q.
  void Say(const std::string& line);

  /// Whether the user agrees: -y, or "y" on a terminal. kInvalidArgument if there is
  /// nobody to ask.
  Status Confirm(const std::string& question);

 private:
  bool color_wanted() const;
  ConfigRequest Request() const;

  GlobalOptions options_;
  Surroundings surroundings_;
  MessageStream& messages_;
  secrets::SecretStore secrets_;
  std::set<std::string> masked_;
  io::SystemClock clock_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace calve::app
