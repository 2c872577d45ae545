#pragma once

/// \file table/maintain/reachable_files.h
/// The files that snapshots are made of.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/object_store.h"
#include "table/manifest/manifest.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

/// Manifests by location.
using Manifests = std::map<std::string, ManifestFile>;

/// Adds the manifests of a snapshot to `into`.
Status AddManifests(io::ObjectStore& store, const Snapshot& snapshot, Manifests& into);

/// Calls `visit` with every entry of a manifest, of any status.
Status VisitEntries(io::ObjectStore& store, const TableMetadata& metadata,
                    const ManifestFile& manifest,
                    const std::function<void(const ManifestEntry&)>& visit);

/// The statistics files that the metadata names for snapshots.
std::vector<std::pair<SnapshotId, std::string>> StatisticsFiles(
    const TableMetadata& metadata);

/// Every file that the table's current version reaches: metadata files
/// (`metadata_location` and those of its log), manifest lists, manifests, live data and
/// delete files of every retained snapshot, statistics.
Result<std::set<std::string>> ReachableFiles(io::ObjectStore& store,
                                             const TableMetadata& metadata,
                                             const std::string& metadata_location);

}  // namespace calve::table
