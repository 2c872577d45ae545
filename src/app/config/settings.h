#pragma once

/// \file app/config/settings.h
/// What the configuration's layers say: flag over environment over file, each value with
/// where it came from. Typed by app/config/config.h.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/config/interpolate.h"
#include "core/result.h"

namespace calve::app {

/// The layers of a configuration, not yet read.
struct ConfigLayers {
  std::string file;                      // as messages show it; empty: no file
  std::string text;                      // the file's YAML
  std::vector<std::string> assignments;  // `key=value` of --set, later ones win
  Environment environment;
};

/// Where a value stands, weakest first. A record that a `secret` key names is as strong
/// as that key, but for values that the same layer gives one by one.
enum class Layer {
  kFileRecord,
  kFile,
  kEnvironmentRecord,
  kEnvironment,
  kFlagRecord,
  kFlag,
};

/// One key's value, the strongest that was given.
struct Setting {
  std::string value;
  std::string origin;  // `calve.yaml:7`, `CALVE_LANDING__URI`, `--set`
  Layer layer = Layer::kFile;
};

/// By key path, keys that were not set left out.
using Settings = std::map<std::string, Setting, std::less<>>;

/// Gathers the layers; nothing is replaced in the values yet
/// (app/config/secret_settings.h does that). An environment variable `CALVE_X` without
/// `__` that names no key is someone else's and left alone; an empty one counts as not
/// set. Variables of the containers that `extract` and `ingest` stand in for
/// (VAULT_SECRET_PATH_…) set `secret` keys.
///
/// \return the settings; kInvalidArgument: one sentence with file and line (or variable,
/// or
///         flag), the key at fault and the nearest valid one
Result<Settings> GatherSettings(const ConfigLayers& layers);

}  // namespace calve::app
