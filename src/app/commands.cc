#include "app/commands.h"

#include <utility>

#include <CLI/CLI.hpp>

namespace calve::app {

Commands::Commands(CLI::App& parser)
    : Commands(parser, std::make_shared<CommandBody>()) {}

Commands::Commands(CLI::App& parser, std::shared_ptr<CommandBody> chosen)
    : parser_(parser), chosen_(std::move(chosen)) {}

CommandOptions Commands::Add(const std::string& name, const std::string& help,
                             CommandBody body) {
  CLI::App* command = parser_.add_subcommand(name, help);
  command->callback([chosen = chosen_, body = std::move(body)]() { *chosen = body; });
  return CommandOptions(*command);
}

Commands Commands::Group(const std::string& name, const std::string& help) {
  CLI::App* group = parser_.add_subcommand(name, help);
  group->require_subcommand(1);
  return {*group, chosen_};
}

}  // namespace calve::app
