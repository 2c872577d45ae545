#include "app/dbt_setup.h"

#include <fmt/format.h>

#include "app/pipeline_builder.h"
#include "app/secret_variables.h"

namespace calve::app {

Result<DbtProgram> MakeDbtProgram(const Config& config, const Environment& environment) {
  if (config.models.empty()) {
    return MissingKey(config, "dbt project", "models");
  }
  if (!config.trino) {
    return MissingKey(config, "Trino", "trino.host");
  }
  DbtProgram program{.command = config.dbt.command,
                     .project_folder = config.models,
                     .profiles = config.dbt.profiles,
                     .target = config.dbt.target,
                     .trino = *config.trino,
                     .environment = {},
                     .interrupted = {}};
  for (const auto& [name, value] : environment) {
    if (!IsSecretVariable(name)) {
      program.environment.push_back(fmt::format("{}={}", name, value));
    }
  }
  return program;
}

}  // namespace calve::app
