#pragma once

/// \file app/object_storage.h
/// The one store of a pipeline: local files and S3, by the location's scheme.

#include <memory>

#include "app/config/config.h"
#include "io/object_store.h"

namespace calve::app {

/// Makes the store. S3 is set up by the first location that lies there: `landing.` says
/// how to reach the landing place, `catalog.s3.` how to reach all else; what neither says
/// comes from the AWS_* variables, then the AWS profile, then AWS's own chain.
std::unique_ptr<io::ObjectStore> MakeObjectStorage(const Config& config,
                                                   const Environment& environment);

}  // namespace calve::app
