#include "app/project_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "io/local_store.h"

namespace calve::app {
namespace {

namespace fs = std::filesystem;

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yml" || path.extension() == ".yaml";
}

/// Folders that dbt writes or downloads into, and other projects: packages.
bool IsSkipped(const fs::path& folder) {
  const std::string name = folder.filename().string();
  std::error_code ignored;
  return name == "target" || name == "dbt_packages" || name == "logs" ||
         name.starts_with('.') || fs::exists(folder / "dbt_project.yml", ignored);
}

Result<std::vector<std::string>> YamlFiles(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> paths;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->is_directory() && IsSkipped(at->path())) {
      at.disable_recursion_pending();
    } else if (IsYaml(at->path())) {
      paths.push_back(at->path().lexically_relative(folder).string());
    }
  }
  if (error) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("cannot read the dbt project {}: {}; set models to its folder",
                    folder, error.message())};
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

Result<std::vector<contract::ProjectFile>> ReadProjectFiles(const std::string& folder) {
  CALVE_ASSIGN(const std::vector<std::string> paths, YamlFiles(folder));
  std::vector<contract::ProjectFile> files;
  for (const std::string& path : paths) {
    std::ifstream stream(fs::path(folder) / path, std::ios::binary);
    if (!stream) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("cannot read {}/{}", folder, path)};
    }
    files.push_back({path, std::string(std::istreambuf_iterator<char>(stream), {})});
  }
  return files;
}

Status WriteProjectFile(const std::string& folder, const contract::ProjectFile& file) {
  const fs::path path = fs::path(folder) / file.path;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const fs::path real = error ? path : fs::weakly_canonical(path, error);
  if (error) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("cannot write {}: {}", path.string(), error.message())};
  }
  io::LocalStore store;
  return io::WriteObject(store, "file://" + real.string(), file.text);
}

}  // namespace calve::app
