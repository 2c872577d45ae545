#include "app/entry_point.h"

#include <algorithm>
#include <array>
#include <utility>

namespace calve::app {
namespace {

/// Whether an option stands in the arguments, as `--name value` or `--name=value`.
bool Gives(const std::vector<std::string>& arguments, std::string_view option) {
  return std::any_of(arguments.begin(), arguments.end(), [option](std::string_view word) {
    return word == option || (word.starts_with(option) && word[option.size()] == '=');
  });
}

bool NamesCommand(const std::vector<std::string>& arguments) {
  return !arguments.empty() && (arguments[0] == "generate" || arguments[0] == "load");
}

void AddGeneratorCommand(std::vector<std::string>& arguments) {
  if (!NamesCommand(arguments)) {
    arguments.insert(arguments.begin(),
                     Gives(arguments, "--source-files") ? "load" : "generate");
  }
  if (!Gives(arguments, "--create-table")) {
    arguments.emplace_back("--create-table");
  }
  if (arguments[0] == "generate" && !Gives(arguments, "--output-file") &&
      !Gives(arguments, "--into-source")) {
    arguments.emplace_back("--into-source");
  }
}

void NameSource(Environment& environment) {
  constexpr std::array kVariables{
      std::pair{"POSTGRES_HOST", "CALVE_SOURCE__POSTGRES__HOST"},
      std::pair{"POSTGRES_PORT", "CALVE_SOURCE__POSTGRES__PORT"},
      std::pair{"POSTGRES_USER", "CALVE_SOURCE__POSTGRES__USER"},
      std::pair{"POSTGRES_PASSWORD", "CALVE_SOURCE__POSTGRES__PASSWORD"},
      std::pair{"POSTGRES_DB", "CALVE_SOURCE__POSTGRES__DATABASE"}};
  for (const auto& [name, ours] : kVariables) {
    std::string value = Lookup(environment, name);
    if (!value.empty() && Lookup(environment, ours).empty()) {
      environment.insert_or_assign(ours, std::move(value));
    }
  }
}

}  // namespace

Invocation InvocationOf(std::string_view program, Invocation called) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  if (name == "audit-log-extractor") {
    called.arguments.insert(called.arguments.begin(), "extract");
  } else if (name == "iceberg-ingestor") {
    called.arguments.insert(called.arguments.begin(), "ingest");
  } else if (name == "data-generator") {
    AddGeneratorCommand(called.arguments);
    NameSource(called.environment);
  }
  return called;
}

}  // namespace calve::app
