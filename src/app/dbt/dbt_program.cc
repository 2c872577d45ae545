#include "app/dbt/dbt_program.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/dbt/dbt_failure.h"
#include "io/child_process.h"

namespace calve::app {
namespace {

constexpr std::chrono::milliseconds kLookForSignals(100);
/// A program's exit code where signal n ended it is this + n.
constexpr int kFirstSignal = 128;
/// dbt asks Trino to cancel each running query before it ends.
constexpr std::chrono::milliseconds kPatience(10'000);

bool Sets(const std::string& entry, std::string_view name) {
  return entry.size() > name.size() && entry.starts_with(name) &&
         entry[name.size()] == '=';
}

std::vector<std::string> ChildEnvironment(const DbtProgram& program) {
  const query::TrinoEndpoint& trino = program.trino;
  const std::vector<std::pair<std::string, std::string>> own{
      {"TRINO_HOST", trino.host},
      {"TRINO_PORT", std::to_string(trino.port)},
      {"TRINO_USER", trino.user},
      {"TRINO_PASSWORD", trino.password.Reveal()},
      {"TRINO_CATALOG", trino.catalog},
      {"TRINO_SCHEME", trino.scheme()},
      {"DBT_SEND_ANONYMOUS_USAGE_STATS", "false"},
      {"PYTHONUNBUFFERED", "1"}};
  std::vector<std::string> environment = program.environment;
  for (const auto& [name, value] : own) {
    std::erase_if(environment,
                  [&](const std::string& entry) { return Sets(entry, name); });
    environment.push_back(fmt::format("{}={}", name, value));
  }
  return environment;
}

std::vector<std::string> Arguments(const DbtProgram& program,
                                   const std::vector<std::string>& words) {
  std::vector<std::string> arguments{program.command};
  arguments.insert(arguments.end(), words.begin(), words.end());
  arguments.insert(arguments.end(), {"--project-dir", program.project_folder});
  std::error_code ignored;
  const auto own = std::filesystem::path(program.project_folder) / "profiles.yml";
  if (!program.profiles.empty()) {
    arguments.insert(arguments.end(), {"--profiles-dir", program.profiles});
  } else if (std::filesystem::exists(own, ignored)) {
    arguments.insert(arguments.end(), {"--profiles-dir", program.project_folder});
  }
  if (!program.target.empty()) {
    arguments.insert(arguments.end(), {"--target", program.target});
  }
  // What it did to each model is told at this level; no file gets it, and no setting of
  // the project's or the environment's hides it.
  arguments.insert(arguments.end(),
                   {"--log-format", "json", "--log-level", "debug", "--log-level-file",
                    "none", "--no-use-colors", "--no-version-check", "--no-quiet"});
  return arguments;
}

/// The last line of what it wrote to its error output: where dbt itself is broken, what
/// Python says.
std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of(" \r\n");
  if (end == text.npos) {
    return "";
  }
  const size_t before = text.rfind('\n', end);
  const size_t begin = before == text.npos ? 0 : before + 1;
  return DbtSentence(text.substr(begin, end + 1 - begin));
}

Error Unexplained(const DbtProgram& program, int code, const std::string& last_line) {
  return {ErrorKind::kInvalidArgument,
          fmt::format("{} ended with exit code {} and did not say why{}; try `{} debug "
                      "--project-dir {}`",
                      program.command, code, last_line.empty() ? "" : ": " + last_line,
                      program.command, program.project_folder)};
}

/// How dbt ended, where its log does not say what came of it.
Status CheckEnd(const DbtProgram& program, int code, bool told_version,
                const std::string& last_line) {
  if (code > kFirstSignal) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("{} was ended by signal {}; see whether memory ran out, and "
                             "try again: it goes on from what is done",
                             program.command, code - kFirstSignal)};
  }
  if (told_version) {
    return {};
  }
  if (code == 0) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("{} is no dbt: it ended well and told nothing; see "
                             "dbt.command",
                             program.command)};
  }
  return Unexplained(program, code, last_line);
}

std::string WhyDepsFailed(const DbtLog& log) {
  if (!log.failure().empty()) {
    return log.failure();
  }
  return log.errors().empty() ? "dbt deps failed" : log.errors().front();
}

/// One run of the models. \param lacks_packages  set if `dbt deps` is to be run first
Result<std::vector<DbtModel>> TryModels(const DbtProgram& program,
                                        const std::vector<std::string>& words,
                                        Progress& progress, bool& lacks_packages) {
  DbtLog log(progress);
  CALVE_ASSIGN(const int code, RunDbt(program, words, log));
  for (const std::string& warning : log.warnings()) {
    spdlog::warn("dbt: {}", DbtSentence(warning));
  }
  for (const DbtModel& model : log.models()) {
    if (model.status == "error" || model.status == "fail") {
      return ModelFailure(model.name, model.message);
    }
  }
  lacks_packages = LacksPackages(log.failure());
  if (!log.failure().empty()) {
    return ProjectFailure(program.project_folder, log.failure());
  }
  if (code != 0 && !log.errors().empty()) {
    return OtherFailure(log.errors());
  }
  if (code != 0) {
    return Unexplained(program, code, "");
  }
  return log.models();
}

}  // namespace

Result<int> RunDbt(const DbtProgram& program, const std::vector<std::string>& words,
                   DbtLog& log) {
  auto started = io::ChildProcess::Start(
      {.arguments = Arguments(program, words), .environment = ChildEnvironment(program)});
  if (!started) {
    return Error{started.error().kind == ErrorKind::kNotFound
                     ? ErrorKind::kInvalidArgument
                     : started.error().kind,
                 started.error().message +
                     "; install dbt-core 1.11 with dbt-trino, or set dbt.command"};
  }
  io::ChildProcess& dbt = **started;
  std::string line;
  while (true) {
    const auto output = dbt.Next(line, kLookForSignals);
    if (program.interrupted && program.interrupted()) {
      dbt.Stop(kPatience);
      return Error{ErrorKind::kCancelled,
                   "interrupted while dbt ran, which was stopped; the same command goes "
                   "on from there"};
    }
    if (output == io::ChildProcess::Output::kLine) {
      log.Take(line);
    } else if (output == io::ChildProcess::Output::kEnd) {
      break;
    }
  }
  const int code = dbt.Wait();
  CALVE_TRY(CheckEnd(program, code, /*told_version=*/!log.dbt_version().empty(),
                     LastLine(dbt.error_output())));
  return code;
}

Result<std::vector<DbtModel>> RunDbtModels(const DbtProgram& program,
                                           const std::vector<std::string>& models,
                                           bool full_refresh, Progress& progress) {
  std::vector<std::string> words{"run"};
  if (full_refresh) {
    words.emplace_back("--full-refresh");
  }
  for (const std::string& model : models) {
    words.insert(words.end(), {"--select", model});
  }
  bool lacks_packages = false;
  auto done = TryModels(program, words, progress, lacks_packages);
  if (!lacks_packages) {
    return done;
  }
  spdlog::info("dbt lacks packages of the project; running dbt deps");
  DbtLog log(progress);
  CALVE_ASSIGN(const int code, RunDbt(program, {"deps"}, log));
  if (code != 0) {
    return ProjectFailure(program.project_folder, WhyDepsFailed(log));
  }
  return TryModels(program, words, progress, lacks_packages);
}

}  // namespace calve::app
