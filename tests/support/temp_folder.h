#pragma once

/// \file tests/support/temp_folder.h
/// A folder of a test's own, deleted with the object.

#include <filesystem>
#include <string>
#include <system_error>

#include <stdlib.h>

namespace calve::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "calve-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) == nullptr ? std::string() : name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// Absolute, no trailing slash.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace calve::testing
