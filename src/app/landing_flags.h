#pragma once

/// \file app/landing_flags.h
/// `--target-bucket` and its like, of the containers that `extract` and `ingest` stand in
/// for.

#include <string>

#include "app/config/config.h"
#include "core/result.h"

namespace calve::app {

/// Puts a bucket and a prefix given by flags over the configured landing place. The
/// bucket is one on S3 by its name, or a place by its path or URI (`file://`, `s3://`);
/// the name of the configured landing folder or bucket is that one. It is reached as
/// `landing.` and AWS_* say.
///
/// \param flag  the bucket's flag, for messages
/// \return kUnsupported for a URI of another scheme
Status ApplyLandingFlags(const std::string& flag, const std::string& bucket,
                         const std::string& prefix, Config& config);

}  // namespace calve::app
