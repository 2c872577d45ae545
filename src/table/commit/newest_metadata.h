#pragma once

/// \file table/commit/newest_metadata.h
/// Metadata files as they lie, without a catalog that points at one.

#include <string>

#include "core/result.h"
#include "io/object_store.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

/// A metadata file and what it says.
struct StoredMetadata {
  std::string location;
  TableMetadata metadata;
};

/// Reads a metadata file; kNotFound, kCorrupt, kUnsupported.
Result<StoredMetadata> ReadStoredMetadata(io::ObjectStore& store,
                                          const std::string& location);

/// The newest version of the table whose metadata lies in `folder`, by what the files say
/// and not by their names: the latest update that no other file has followed. Files that
/// can't be read are passed over; of several tables that had the folder one after the
/// other, the newest counts. A version whose commit never came to its end may be taken:
/// its rows and its progress belong together, so the next run goes on from it.
///
/// \return kNotFound if there is none
Result<StoredMetadata> FindNewestMetadata(io::ObjectStore& store,
                                          const std::string& folder);

}  // namespace calve::table
