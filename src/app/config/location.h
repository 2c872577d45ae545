#pragma once

/// \file app/config/location.h
/// Places as people write them, on S3 or on disk.

#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::app {

/// The location of a folder, without a trailing slash: `s3://bucket/prefix` (also from
/// `s3a://` and `s3n://`), or the `file://` location of a path or `file://` URI, made
/// absolute below `folder`; kUnsupported for another scheme. Error: a part of a sentence.
Result<std::string> LocationOf(const std::string& text, const std::string& folder);

/// A path below `folder`, unless it is absolute itself; without a trailing slash.
std::string AbsolutePath(const std::string& path, const std::string& folder);

/// The text without slashes at either end.
std::string TrimSlashes(std::string_view text);

}  // namespace calve::app
