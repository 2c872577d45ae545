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

enum class Layer { kFile, kEnvironment, kFlag };

/// One key's value, the strongest that was given.
struct Setting {
  std::string value;
  std::string origin;  // `calve.yaml:7`, `CALVE_LANDING__URI`, `--set`
  Layer layer = Layer::kFile;
};

/// By key path, keys that were not set left out.
using Settings = std::map<std::string, Setting, std::less<>>;

/// Gathers the layers. `${…}` is replaced in the file's values alone: a shell has done so
/// for the others. An environment variable `CALVE_X` without `__` that names no key is
/// someone else's and left alone; an empty one counts as not set.
///
/// \return the settings; kInvalidArgument: one sentence with file and line (or variable,
/// or
///         flag), the key at fault and the nearest valid one; kUnsupported for `vault://`
Result<Settings> GatherSettings(const ConfigLayers& layers);

}  // namespace calve::app
