#pragma once

/// \file app/command_options.h
/// The options of one command, bound to the variables that parsing fills. Keeps the
/// parser's heavy header out of the commands.

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace calve::app {

/// Adds options to a command. Names are `-s,--select`, or without dashes for a position:
/// `table`. What an option is bound to lives until parsing and the command are over.
class CommandOptions {
 public:
  /// `parser` outlives this.
  explicit CommandOptions(CLI::App& parser) : parser_(&parser) {}

  CommandOptions& Text(const std::string& names, std::string& into,
                       const std::string& help);
  /// A text that must be one of `choices`.
  CommandOptions& Choice(const std::string& names, std::string& into,
                         const std::vector<std::string>& choices,
                         const std::string& help);
  /// One or more texts, the option given once or several times.
  CommandOptions& Texts(const std::string& names, std::vector<std::string>& into,
                        const std::string& help);
  /// Texts, divided by commas.
  CommandOptions& CommaTexts(const std::string& names, std::vector<std::string>& into,
                             const std::string& help);
  /// A whole number above 0.
  CommandOptions& Count(const std::string& names, int64_t& into, const std::string& help);
  /// A whole number from 0 to `most`.
  CommandOptions& UpTo(const std::string& names, int& into, int most,
                       const std::string& help);
  CommandOptions& Seed(const std::string& names, uint64_t& into, const std::string& help);
  CommandOptions& Flag(const std::string& names, bool& into, const std::string& help);

  /// The option added last must be given.
  CommandOptions& Required();
  /// The option added last and the named one exclude each other.
  CommandOptions& Excludes(const std::string& name);

 private:
  CLI::App* parser_;
  CLI::Option* last_ = nullptr;
};

}  // namespace calve::app
