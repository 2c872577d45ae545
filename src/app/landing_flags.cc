#include "app/landing_flags.h"

#include <filesystem>

#include <fmt/format.h>

namespace calve::app {

Status ApplyLandingFlags(const std::string& flag, const std::string& bucket,
                         const std::string& prefix, Config& config) {
  if (!prefix.empty()) {
    const size_t first = prefix.find_first_not_of('/');
    const size_t last = prefix.find_last_not_of('/');
    config.landing_prefix =
        first == std::string::npos ? "" : prefix.substr(first, last - first + 1);
  }
  const std::string configured = std::filesystem::path(config.landing_root).filename();
  if (bucket.empty() || bucket == configured) {
    return {};
  }
  const bool path = bucket.find('/') != std::string::npos || bucket.starts_with('.');
  if (!path) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("{} {} names a bucket, and object storage comes in a later "
                             "version; give a local folder by its path",
                             flag, bucket)};
  }
  std::error_code ignored;
  auto location = LocalLocation(bucket, std::filesystem::current_path(ignored).string());
  if (!location) {
    return Error{location.error().kind,
                 fmt::format("{} {}", flag, location.error().message)};
  }
  config.landing_root = *location;
  return {};
}

}  // namespace calve::app
