#pragma once

/// \file app/config/config_file.h
/// Finds and reads the configuration's file.

#include <optional>
#include <string>
#include <vector>

#include "app/config/config.h"
#include "core/result.h"

namespace calve::app {

inline constexpr const char* kDefaultConfigFile = "calve.yaml";

/// What the command line says of the configuration.
struct ConfigRequest {
  std::optional<std::string> file;       // -c; none: calve.yaml, if it is there
  std::vector<std::string> assignments;  // --set
  Environment environment;
};

/// Loads the configuration. Without a file the environment alone may say enough.
/// \return kInvalidArgument if a named file cannot be read; the errors of ReadConfig
Result<Config> LoadConfig(const ConfigRequest& request, const SecretSource& secrets = {});

/// What the layers of the configuration are, not yet read.
Result<ConfigLayers> LoadLayers(const ConfigRequest& request);

}  // namespace calve::app
