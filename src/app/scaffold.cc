#include "app/scaffold.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace calve::app {
namespace {

namespace fs = std::filesystem;

Status WriteFile(const fs::path& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (error || !stream) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("cannot write {}; is the folder writable?", path.string())};
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> WriteScaffold(const std::string& folder) {
  const fs::path root(folder);
  for (const EmbeddedFile& file : ExampleFiles()) {
    const fs::path path = root / file.path;
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("{} is there already and is not overwritten; choose another "
                      "folder",
                      path.string())};
    }
  }
  std::vector<std::string> written;
  for (const EmbeddedFile& file : ExampleFiles()) {
    CALVE_TRY(WriteFile(root / file.path, file.text));
    written.push_back((root / file.path).string());
  }
  return written;
}

}  // namespace calve::app
