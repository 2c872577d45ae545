#pragma once

/// \file table/manifest/manifest_object.h
/// Fetches manifests and manifest lists.

#include <string>

#include "core/result.h"
#include "io/object_store.h"

namespace calve::table {

/// Reads a whole manifest or manifest list.
/// \return its bytes, kNotFound, kUnavailable, or kUnsupported for one of over 1 GiB
Result<std::string> ReadManifestObject(io::ObjectStore& store,
                                       const std::string& location);

}  // namespace calve::table
