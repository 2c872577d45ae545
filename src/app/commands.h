#pragma once

/// \file app/commands.h
/// The commands of the program: each adds itself with its options, one of them is chosen
/// by the command line.

#include <functional>
#include <memory>
#include <string>

#include "app/command_options.h"
#include "app/console/document.h"
#include "app/session.h"
#include "core/result.h"

namespace CLI {
class App;
}

namespace calve::app {

/// Does a command's work and answers with what stdout will show.
using CommandBody = std::function<Result<Document>(Session&)>;

/// Gathers commands below one parser. Copies share the choice.
class Commands {
 public:
  /// `parser` outlives this.
  explicit Commands(CLI::App& parser);

  /// Adds a command; the caller adds its options. Whatever they are bound to must live in
  /// `body` (a shared_ptr that it captures).
  CommandOptions Add(const std::string& name, const std::string& help, CommandBody body);

  /// Adds a command that has commands of its own: `table ls`.
  Commands Group(const std::string& name, const std::string& help);

  /// The command that parsing chose; null before.
  const CommandBody& chosen() const { return *chosen_; }
  const CLI::App& parser() const { return parser_; }

 private:
  Commands(CLI::App& parser, std::shared_ptr<CommandBody> chosen);

  CLI::App& parser_;
  std::shared_ptr<CommandBody> chosen_;
};

void AddDemoCommand(Commands& commands);
void AddInitCommand(Commands& commands);
void AddPlanCommand(Commands& commands);
void AddRunCommand(Commands& commands);
void AddExtractCommand(Commands& commands);
void AddIngestCommand(Commands& commands);
void AddTransformCommand(Commands& commands);
void AddStatusCommand(Commands& commands);
void AddTableCommands(Commands& commands);
void AddQuarantineCommands(Commands& commands);
void AddRowCommand(Commands& commands);
void AddContractCommands(Commands& commands);
/// `accept`, into the group `contract`.
void AddContractAcceptCommand(Commands& group);
void AddModelsCommands(Commands& commands);
void AddMaintainCommands(Commands& commands);
void AddGenerateCommand(Commands& commands);
void AddLoadCommand(Commands& commands);
void AddCaptureCommands(Commands& commands);
void AddCompletionsCommand(Commands& commands);
void AddVerifyCommand(Commands& commands);
void AddFsckCommand(Commands& commands);
void AddResetCommands(Commands& commands);
void AddDoctorCommand(Commands& commands);
void AddSecretsCommands(Commands& commands);
void AddVaultCommands(Commands& commands);
void AddVersionCommand(Commands& commands);

}  // namespace calve::app
