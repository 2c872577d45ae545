#include "app/config/settings.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "app/config/config_keys.h"

namespace calve::app {
namespace {

std::string UnknownKey(std::string_view origin, std::string_view path) {
  return fmt::format("{}: unknown key {}; did you mean {}?", origin, path,
                     NearestKey(path));
}

/// Walks the YAML file and adds its scalars.
class FileLayer {
 public:
  FileLayer(const ConfigLayers& layers, Settings& settings)
      : layers_(layers), settings_(settings) {}

  /// Requires: `section` is a mapping. `prefix` is its path and a dot, or empty.
  Status AddSection(const YAML::Node& section, const std::string& prefix) {
    for (const auto& entry : section) {
      if (!entry.first.IsScalar()) {
        return Wrong(Origin(entry.first), prefix, "has a key that is no plain word");
      }
      CALVE_TRY(AddEntry(prefix + entry.first.Scalar(), entry.first, entry.second));
    }
    return {};
  }

  static Error Wrong(const std::string& origin, std::string_view path,
                     std::string_view what) {
    return {ErrorKind::kInvalidArgument, fmt::format("{}: {} {}", origin, path, what)};
  }

 private:
  Status AddEntry(const std::string& path, const YAML::Node& key,
                  const YAML::Node& value) {
    const std::string origin = Origin(key);
    if (IsSection(path)) {
      return AddSubsection(path, origin, value);
    }
    if (FindKey(path) == nullptr) {
      return Error{ErrorKind::kInvalidArgument, UnknownKey(origin, path)};
    }
    if (value.IsNull()) {
      return Wrong(origin, path, "has no value; give it one, or take the line out");
    }
    if (!value.IsScalar()) {
      return Wrong(origin, path,
                   value.IsMap() ? "must be a single value, but is a mapping"
                                 : "must be a single value, but is a list");
    }
    const Setting setting{value.Scalar(), origin, Layer::kFile};
    if (!settings_.try_emplace(path, setting).second) {
      return Wrong(origin, path, "is given a second time; keep one of them");
    }
    return {};
  }

  Status AddSubsection(const std::string& path, const std::string& origin,
                       const YAML::Node& value) {
    if (value.IsNull()) {
      return {};
    }
    if (!value.IsMap()) {
      return Wrong(origin, path,
                   fmt::format("must be a mapping with the keys {}", NamesBelow(path)));
    }
    return AddSection(value, path + ".");
  }

  std::string Origin(const YAML::Node& node) const {
    return fmt::format("{}:{}", layers_.file, node.Mark().line + 1);
  }

  const ConfigLayers& layers_;  // Outlive this.
  Settings& settings_;
};

Status AddFile(const ConfigLayers& layers, Settings& settings) {
  try {
    const YAML::Node root = YAML::Load(layers.text);
    if (root.IsNull()) {
      return {};
    }
    if (!root.IsMap()) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("{}:1: the file must be a mapping of keys such as landing",
                               layers.file)};
    }
    return FileLayer(layers, settings).AddSection(root, "");
  } catch (const YAML::Exception& exception) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("{}:{}: no valid YAML: {}", layers.file,
                             exception.mark.line + 1, exception.msg)};
  }
}

/// The variables by which the containers' images are told where secrets are, each with
/// the key that it sets; of two for one key the first.
constexpr std::array kSecretPaths{
    std::pair{"VAULT_SECRET_PATH_PSQL_SOURCE_DB", "source.postgres.secret"},
    std::pair{"VAULT_SECRET_PATH_S3_CONN_TARGET_BUCKET", "landing.secret"},
    std::pair{"VAULT_SECRET_PATH_S3_CONN", "landing.secret"},
    std::pair{"VAULT_SECRET_PATH_S3_CONN", "catalog.s3.secret"},
    std::pair{"VAULT_SECRET_PATH_CATALOG", "catalog.secret"},
    std::pair{"VAULT_SECRET_PATH_TRINO_CONN", "trino.secret"}};

void AddSecretPaths(const ConfigLayers& layers, Settings& settings) {
  for (const auto& [name, path] : kSecretPaths) {
    const std::string value = Lookup(layers.environment, name);
    const auto known = settings.find(path);
    const bool given =
        known != settings.end() && known->second.layer >= Layer::kEnvironment;
    if (!value.empty() && !given) {
      settings[path] = {secrets::LooksLikeReference(value) ? value : "vault://" + value,
                        name, Layer::kEnvironment};
    }
  }
}

Status AddEnvironment(const ConfigLayers& layers, Settings& settings) {
  constexpr std::string_view kPrefix = "CALVE_";
  for (const auto& [name, value] : layers.environment) {
    if (!name.starts_with(kPrefix) || value.empty()) {
      continue;
    }
    const std::string path = PathOfVariable(name);
    if (FindKey(path) != nullptr) {
      settings[path] = {value, name, Layer::kEnvironment};
    } else if (path.find('.') != path.npos) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("environment variable {} names no key; did you mean {}?",
                               name, VariableOf(NearestKey(path)))};
    }
  }
  return {};
}

Status AddAssignments(const ConfigLayers& layers, Settings& settings) {
  for (const std::string& assignment : layers.assignments) {
    const size_t equals = assignment.find('=');
    if (equals == assignment.npos) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("--set {}: no value; write --set key=value", assignment)};
    }
    const std::string path = assignment.substr(0, equals);
    if (FindKey(path) == nullptr) {
      return Error{ErrorKind::kInvalidArgument, UnknownKey("--set", path)};
    }
    settings[path] = {assignment.substr(equals + 1), "--set", Layer::kFlag};
  }
  return {};
}

}  // namespace

Result<Settings> GatherSettings(const ConfigLayers& layers) {
  Settings settings;
  if (!layers.file.empty()) {
    CALVE_TRY(AddFile(layers, settings));
  }
  CALVE_TRY(AddEnvironment(layers, settings));
  AddSecretPaths(layers, settings);
  CALVE_TRY(AddAssignments(layers, settings));
  return settings;
}

}  // namespace calve::app
