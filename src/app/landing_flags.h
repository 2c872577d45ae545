#pragma once

/// \file app/landing_flags.h
/// `--target-bucket` and its like, of the containers that `extract` and `ingest` stand in
/// for.

#include <string>

#include "app/config/config.h"
#include "core/result.h"

namespace calve::app {

/// Puts a bucket and a prefix given by flags over the configured landing place. While
/// there is no object storage, the bucket is a local folder, by path or file:// URI, or
/// the name of the configured landing folder.
///
/// \param flag  the bucket's flag, for messages
/// \return kUnsupported for a bucket that is no local folder
Status ApplyLandingFlags(const std::string& flag, const std::string& bucket,
                         const std::string& prefix, Config& config);

}  // namespace calve::app
