#include "app/landing_flags.h"

#include <filesystem>

#include <fmt/format.h>

#include "app/config/location.h"

namespace calve::app {

namespace {

/// A bucket by its name, or a place by its path or URI.
bool IsPlace(const std::string& text) {
  return text.find('/') != text.npos || text.starts_with('.');
}

}  // namespace

Status ApplyLandingFlags(const std::string& flag, const std::string& bucket,
                         const std::string& prefix, Config& config) {
  const std::string configured = std::filesystem::path(config.landing_root).filename();
  if (!bucket.empty() && bucket != configured) {
    std::error_code ignored;
    auto location = LocationOf(IsPlace(bucket) ? bucket : "s3://" + bucket,
                               std::filesystem::current_path(ignored).string());
    if (!location) {
      return Error{location.error().kind,
                   fmt::format("{} {}", flag, location.error().message)};
    }
    const std::string kept = config.landing_prefix;
    config.SetLanding(*location);
    if (config.landing_prefix.empty()) {
      config.landing_prefix = kept;
    }
  }
  if (!prefix.empty()) {
    const size_t first = prefix.find_first_not_of('/');
    const size_t last = prefix.find_last_not_of('/');
    config.landing_prefix =
        first == std::string::npos ? "" : prefix.substr(first, last - first + 1);
  }
  return {};
}

}  // namespace calve::app
