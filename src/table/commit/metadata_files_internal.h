#pragma once

/// \file table/commit/metadata_files_internal.h
/// Names of a table's metadata files, as Iceberg's own writers give them.

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/object_store.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

inline constexpr const char* kDeleteMetadataAfterCommit =
    "write.metadata.delete-after-commit.enabled";

/// Where metadata files go: `write.metadata.path`, or `<location>/metadata`.
std::string MetadataFolder(const TableMetadata& metadata);

/// The number of a metadata file, `00012-<uuid>.metadata.json` or `v12.metadata.json`; -1
/// if the location has none (or is empty).
int64_t MetadataVersion(const std::string& location);

/// `<folder>/00013-<uuid>.metadata.json` after version 12.
std::string NextMetadataFile(const TableMetadata& metadata,
                             const std::string& base_location, const std::string& uuid);

/// `<folder>/<uuid>-m<number>.avro`
std::string ManifestLocation(const TableMetadata& metadata, const std::string& uuid,
                             size_t number);

/// `<folder>/snap-<id>-<attempt>-<uuid>.avro`; the attempt is always 1: a retry is a new
/// update.
std::string ManifestListLocation(const TableMetadata& metadata, SnapshotId snapshot,
                                 const std::string& uuid);

/// Reads and checks a metadata file.
Result<TableMetadata> ReadMetadataFile(io::ObjectStore& store,
                                       const std::string& location);

/// Adds the file that `metadata` supersedes to its log, and trims the log's old end to
/// `write.metadata.previous-versions-max`.
/// \return the files that fell out of the log and are to be deleted once this version is
///         committed: none unless `write.metadata.delete-after-commit.enabled` is true
std::vector<std::string> LogMetadataFile(TableMetadata& metadata, int64_t last_updated_ms,
                                         const std::string& location);

}  // namespace calve::table
