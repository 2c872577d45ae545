#include "app/config/config_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace calve::app {

Result<ConfigLayers> LoadLayers(const ConfigRequest& request) {
  const std::string path = request.file.value_or(kDefaultConfigFile);
  ConfigLayers layers;
  layers.assignments = request.assignments;
  layers.environment = request.environment;
  std::ifstream stream(path, std::ios::binary);
  const int error = errno;
  std::error_code ignored;
  const bool folder_instead = std::filesystem::is_directory(path, ignored);
  if (stream && !folder_instead) {
    layers.file = path;
    layers.text.assign(std::istreambuf_iterator<char>(stream), {});
  } else if (request.file) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("cannot read the configuration {}: {}; `calve init` writes one", path,
                    folder_instead ? "it is a folder" : std::strerror(error))};
  }
  return layers;
}

Result<Config> LoadConfig(const ConfigRequest& request, const SecretSource& secrets) {
  CALVE_ASSIGN(const ConfigLayers layers, LoadLayers(request));
  std::error_code no_folder;
  const std::string working_folder = std::filesystem::current_path(no_folder).string();
  const std::string path = request.file.value_or(kDefaultConfigFile);
  const std::string folder =
      (std::filesystem::path(working_folder) / path).parent_path().string();
  return ReadConfig(layers, folder, working_folder, secrets);
}

}  // namespace calve::app
