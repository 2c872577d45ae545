#include "app/config/location.h"

#include <filesystem>

#include <fmt/format.h>

#include "io/s3/s3_store.h"

namespace calve::app {
namespace {

constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kS3Scheme = "s3://";

}  // namespace

Result<std::string> LocationOf(const std::string& text, const std::string& folder) {
  std::string path = text;
  const size_t scheme = text.find("://");
  if (text.starts_with(kFileScheme)) {
    path = path.substr(kFileScheme.size());
    if (!path.starts_with('/')) {
      return Error{ErrorKind::kInvalidArgument,
                   "must be an absolute file URI, such as file:///srv/lake"};
    }
  } else if (io::IsS3Location(text)) {
    const std::string place = TrimSlashes(text.substr(scheme + 3));
    if (place.empty() || text[scheme + 3] == '/') {
      return Error{ErrorKind::kInvalidArgument,
                   "must name a bucket, such as s3://lake/raw"};
    }
    return std::string(kS3Scheme) + place;
  } else if (scheme != text.npos) {
    return Error{
        ErrorKind::kUnsupported,
        fmt::format("is on {}://, which Calve does not know; use s3:// or a local folder",
                    text.substr(0, scheme))};
  }
  if (path.empty()) {
    return Error{ErrorKind::kInvalidArgument, "must name a folder, but is empty"};
  }
  return std::string(kFileScheme) + AbsolutePath(path, folder);
}

std::string AbsolutePath(const std::string& path, const std::string& folder) {
  std::string absolute =
      (std::filesystem::path(folder) / path).lexically_normal().string();
  while (absolute.size() > 1 && absolute.back() == '/') {
    absolute.pop_back();
  }
  return absolute;
}

std::string TrimSlashes(std::string_view text) {
  while (text.starts_with('/')) {
    text.remove_prefix(1);
  }
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

}  // namespace calve::app
