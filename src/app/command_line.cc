#include "app/command_line.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/console/exit_code.h"

namespace calve::app {
namespace {

/// The global options as the command line holds them.
struct GlobalWords {
  std::string config_file;
  std::vector<std::string> assignments;
  std::string format = "text";
  std::string progress = "auto";
  std::string log_level;  // empty: info, or with -q warn
  std::string log_format = "text";
  bool yes = false;
  bool quiet = false;
  bool no_color = false;
};

void AddGlobalOptions(CLI::App& parser, GlobalWords& words) {
  parser.add_option("-c,--config", words.config_file,
                    "Configuration file (default: calve.yaml, if it is there)");
  parser
      .add_option("--set", words.assignments, "Set a key of the configuration: key=value")
      ->type_size(1)
      ->allow_extra_args(false);
  parser.add_option("-o,--output", words.format, "Format of the answer")
      ->check(CLI::IsMember({"text", "json", "jsonl", "csv"}));
  parser.add_option("--progress", words.progress, "How progress shows, on stderr")
      ->check(CLI::IsMember({"auto", "bar", "plain", "json", "none"}));
  parser
      .add_option("--log-level", words.log_level,
                  "Least grave log line to show (default: info, with -q warn)")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  parser.add_option("--log-format", words.log_format, "Format of log lines")
      ->check(CLI::IsMember({"text", "json"}));
  parser.add_flag("-y,--yes", words.yes, "Agree to what would be asked");
  parser.add_flag("-q,--quiet", words.quiet, "No progress, no remarks");
  parser.add_flag("--no-color", words.no_color, "No colours");
}

GlobalOptions ToOptions(const GlobalWords& words) {
  GlobalOptions options;
  if (!words.config_file.empty()) {
    options.config_file = words.config_file;
  }
  options.assignments = words.assignments;
  options.format = ParseOutputFormat(words.format).value_or(OutputFormat::kText);
  options.progress = ParseProgressMode(words.progress).value_or(ProgressMode::kAuto);
  const std::string level = words.quiet ? "warn" : "info";
  options.log = {
      .level = words.log_level.empty() ? level : words.log_level,
      .format = words.log_format == "json" ? LogFormat::kJson : LogFormat::kText};
  options.yes = words.yes;
  options.quiet = words.quiet;
  options.no_color = words.no_color;
  return options;
}

void AddCommands(Commands& commands) {
  AddDemoCommand(commands);
  AddInitCommand(commands);
  AddPlanCommand(commands);
  AddRunCommand(commands);
  AddExtractCommand(commands);
  AddIngestCommand(commands);
  AddTransformCommand(commands);
  AddStatusCommand(commands);
  AddTableCommands(commands);
  AddQuarantineCommands(commands);
  AddRowCommand(commands);
  AddVerifyCommand(commands);
  AddFsckCommand(commands);
  AddCaptureCommands(commands);
  AddDoctorCommand(commands);
  AddResetCommands(commands);
  AddContractCommands(commands);
  AddModelsCommands(commands);
  AddMaintainCommands(commands);
  AddGenerateCommand(commands);
  AddLoadCommand(commands);
  AddSecretsCommands(commands);
  AddVaultCommands(commands);
  AddCompletionsCommand(commands);
  AddVersionCommand(commands);
}

/// The format that wrong arguments ask for, as far as can be told.
OutputFormat FormatWanted(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (((word == "-o" || word == "--output") && next == "json") || word == "-ojson" ||
        word == "--output=json") {
      return OutputFormat::kJson;
    }
  }
  return OutputFormat::kText;
}

/// Tells of a failure on both streams. \return the exit code
int Fail(Error error, OutputFormat format, std::ostream& output,
         MessageStream& messages) {
  error.message = messages.Masked(std::move(error.message));
  messages.Print("calve: " + error.message);
  if (format == OutputFormat::kJson) {
    output << Render(ErrorDocument(error), {.format = format}) << std::flush;
  }
  return ExitCodeOf(error.kind);
}

/// Runs the chosen command.
int RunChosen(const CommandBody& body, Session& session, std::ostream& output) {
  const OutputFormat format = session.options().format;
  const Result<Document> answer = body(session);
  if (!answer) {
    return Fail(answer.error(), format, output, session.messages());
  }
  output << Render(*answer, {.format = format, .color = session.output_color()})
         << std::flush;
  if (!output) {
    return Fail({ErrorKind::kUnavailable, "cannot write the answer to stdout"},
                OutputFormat::kText, output, session.messages());
  }
  if (answer->contract_broken) {
    return kContractBroken;
  }
  return answer->found_something ? kFoundSomething : kDone;
}

/// What is wrong with the words. The parser says of a word that is no command only that a
/// command is missing.
std::string UsageMessage(const CLI::App& parser, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = parser.remaining();
  if (parser.get_subcommands().empty() && !unknown.empty()) {
    return "unknown command '" + unknown.front() + "'; see calve --help";
  }
  return std::string(error.what()) + "; see calve --help";
}

int ParseAndRun(const std::vector<std::string>& arguments,
                const Surroundings& surroundings, std::ostream& output,
                MessageStream& messages) {
  CLI::App parser(
      "Calve keeps Apache Iceberg tables equal to PostgreSQL tables, with full history.",
      "calve");
  parser.fallthrough();
  parser.require_subcommand(1);
  GlobalWords words;
  AddGlobalOptions(parser, words);
  Commands commands(parser);
  AddCommands(commands);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    parser.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    output << parser.help();  // of the command that was parsed last
    return kDone;
  } catch (const CLI::ParseError& error) {
    return Fail({ErrorKind::kInvalidArgument, UsageMessage(parser, error)},
                FormatWanted(arguments), output, messages);
  }
  Session session(ToOptions(words), surroundings, messages);
  StartLog(session.options().log, messages);
  const int code = RunChosen(commands.chosen(), session, output);
  StopLog();
  return code;
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& arguments,
                   const Surroundings& surroundings, std::ostream& output,
                   std::ostream& messages) {
  MessageStream message_stream(messages);
  return ParseAndRun(arguments, surroundings, output, message_stream);
}

}  // namespace calve::app
