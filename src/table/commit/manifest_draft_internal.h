#pragma once

/// \file table/commit/manifest_draft_internal.h
/// The manifests of a snapshot in the making: which are carried over as they are, which
/// are written anew, and with what. Nothing here writes.

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/object_store.h"
#include "table/manifest/manifest.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

/// A manifest of the snapshot in the making.
struct ManifestDraft {
  ManifestContent content = ManifestContent::kData;
  int32_t spec_id = 0;
  /// Carried over unchanged; nullopt: to be written with `entries`.
  std::optional<ManifestFile> carried;
  std::vector<ManifestEntry> entries;
};

/// Reads and describes manifests of one table.
class ManifestSource {
 public:
  ManifestSource(io::ObjectStore& store, const TableMetadata& metadata)
      : store_(store), metadata_(metadata) {}

  /// The manifests of a snapshot, newest first, without those that only record removals.
  Result<std::vector<ManifestDraft>> Load(const Snapshot& snapshot) const;

  /// The live entries (added or existing) of a carried manifest.
  Result<std::vector<ManifestEntry>> ReadLive(const ManifestFile& manifest) const;

  /// The spec with an id; kCorrupt if the table has none.
  Result<const PartitionSpec*> Spec(int32_t spec_id) const;

  /// The schema that a spec's manifests are read and written with: the current one, or
  /// the newest that still has the columns the spec refers to.
  const Schema& SchemaFor(const PartitionSpec& spec) const;

  /// Whether the manifest's bounds leave room for a file of this partition; true where it
  /// cannot be told.
  bool MayContain(const ManifestFile& manifest, int32_t spec_id,
                  const PartitionValues& partition) const;

 private:
  io::ObjectStore& store_;         // Outlives this object.
  const TableMetadata& metadata_;  // Likewise.
};

/// Files by path to look for in a snapshot.
struct FileSearch {
  ManifestContent content = ManifestContent::kData;
  std::set<std::string> removed;
  /// Must be live, and stay.
  std::set<std::string> referenced;
  /// Files of the same commit: manifests with their partitions are searched first.
  std::span<const DataFile> hints;
};

/// Marks files as removed in the drafts that hold them; other manifests stay as they are.
/// Manifests are read, newest and likeliest first, until every file is found.
///
/// \return the removed files, or kConflict naming one that is not live
Result<std::vector<DataFile>> RemoveFiles(const ManifestSource& source,
                                          int64_t snapshot_id, FileSearch search,
                                          std::vector<ManifestDraft>& drafts);

/// When and how far manifests are merged.
struct MergePolicy {
  bool enabled = true;
  int64_t min_count = 100;
  int64_t target_bytes = 8LL * 1024 * 1024;

  static MergePolicy Of(const Properties& properties);
};

/// Merges the manifests of each content and spec that has more than the policy's count,
/// newest first, into drafts of up to the target size.
Status MergeManifests(const ManifestSource& source, const MergePolicy& policy,
                      std::vector<ManifestDraft>& drafts);

}  // namespace calve::table
