#pragma once

/// \file io/object_hash.h
/// The hash of a stored object.

#include <string>

#include "core/result.h"
#include "io/object_store.h"

namespace calve::io {

/// The SHA-256 of an object's bytes, 64 lower-case hex digits; kNotFound or kUnavailable.
/// Cost: reads it once, in constant memory.
Result<std::string> Sha256OfObject(ObjectStore& store, const std::string& location);

}  // namespace calve::io
