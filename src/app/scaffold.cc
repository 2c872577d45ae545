#include "app/scaffold.h"

#include <filesystem>

#include <fmt/format.h>

#include "app/project_files.h"

namespace calve::app {
namespace {

namespace fs = std::filesystem;

/// Refuses to write over what is there.
Status CheckAbsent(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return {};
  }
  return Error{ErrorKind::kInvalidArgument,
               fmt::format("{} is there already and is not overwritten; choose another "
                           "folder",
                           path.string())};
}

}  // namespace

std::vector<contract::ProjectFile> ExampleProject() {
  std::vector<contract::ProjectFile> files;
  for (const EmbeddedFile& file : ExampleFiles()) {
    files.push_back({std::string(file.path), std::string(file.text)});
  }
  return files;
}

Result<std::vector<std::string>> WriteScaffold(
    const std::string& folder, const std::vector<contract::ProjectFile>& files) {
  for (const contract::ProjectFile& file : files) {
    CALVE_TRY(CheckAbsent(fs::path(folder) / file.path));
  }
  std::vector<std::string> written;
  for (const contract::ProjectFile& file : files) {
    CALVE_TRY(WriteProjectFile(folder, file));
    written.push_back((fs::path(folder) / file.path).string());
  }
  return written;
}

}  // namespace calve::app
