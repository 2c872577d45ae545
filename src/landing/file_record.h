#pragma once

/// \file landing/file_record.h
/// What a landing file held when it was first seen: its hash, kept beside the files as
/// `<prefix>/_calve/files/<sha256 of the key>.json`.

#include <string>

#include "core/result.h"
#include "io/object_store.h"

namespace calve::landing {

/// Records that the file `key` has this content, unless another content is on record.
/// Idempotent; of two callers at once with different content, one fails.
///
/// \param root  location that keys are relative to, no trailing slash
/// \param prefix  of the landing files, no slash at either end; may be empty
/// \param sha256  of the file's bytes, 64 hex digits
/// \return kCorrupt, the named halt `landing_file_changed`, if the record says otherwise
Status RecordFile(io::ObjectStore& store, const std::string& root,
                  const std::string& prefix, const std::string& key,
                  const std::string& sha256);

}  // namespace calve::landing
