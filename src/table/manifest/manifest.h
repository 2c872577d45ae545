#pragma once

/// \file table/manifest/manifest.h
/// Manifests and manifest lists: which files a snapshot is made of. Avro object container
/// files. Spec: "Manifests", "Manifest Lists", "Sequence Number Inheritance".

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/object_store.h"
#include "table/manifest/data_file.h"
#include "table/schema/schema.h"

namespace calve::table {

enum class EntryStatus { kExisting = 0, kAdded = 1, kDeleted = 2 };

/// A file in a manifest.
struct ManifestEntry {
  EntryStatus status = EntryStatus::kAdded;
  int64_t snapshot_id =
      0;  // that added (kAdded, kExisting) or removed (kDeleted) the file
  /// Unset in an entry to write as kAdded: the reader inherits it from the manifest.
  std::optional<int64_t> data_sequence_number;
  std::optional<int64_t> file_sequence_number;
  DataFile file;

  bool operator==(const ManifestEntry&) const = default;
};

enum class ManifestContent { kData = 0, kDeletes = 1 };

/// Bounds of one partition field over a manifest's files.
struct FieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower_bound;  // EncodeLiteral form
  std::optional<std::string> upper_bound;

  bool operator==(const FieldSummary&) const = default;
};

/// A manifest, as the manifest list describes it.
struct ManifestFile {
  std::string manifest_path;
  int64_t manifest_length_bytes = 0;
  int32_t spec_id = 0;
  ManifestContent content = ManifestContent::kData;
  /// Unset in a manifest just written: filled by WriteManifestList.
  std::optional<int64_t> sequence_number;
  std::optional<int64_t> min_sequence_number;
  int64_t added_snapshot_id = 0;
  int32_t added_files = 0;
  int32_t existing_files = 0;
  int32_t deleted_files = 0;
  int64_t added_rows = 0;
  int64_t existing_rows = 0;
  int64_t deleted_rows = 0;
  /// One per field of the spec; empty where the writer gave none.
  std::vector<FieldSummary> partitions;
  /// v3, data manifests: the row id that files without one of their own count from.
  std::optional<int64_t> first_row_id;
  /// How the manifest is encrypted, kept for those who know.
  std::optional<std::string> key_metadata;

  bool operator==(const ManifestFile&) const = default;
};

/// What a manifest says of itself, and needs in order to be written.
struct ManifestHeader {
  Schema schema;
  PartitionSpec spec;
  ManifestContent content = ManifestContent::kData;
  int32_t format_version = 2;  // 2 or 3
  int64_t snapshot_id = 0;     // that the manifest is written for
};

/// Writes a manifest at a fresh location.
///
/// kAdded entries are written with null sequence numbers, to be inherited, and with
/// `header.snapshot_id` (theirs is that or 0); the others keep theirs. Whoever writes the
/// same entries to the same location writes the same bytes.
///
/// \return the manifest as a list takes it; or kInvalidArgument, with nothing written: an
///         entry's partition values don't fit `header.spec`, data and delete files are
///         mixed, a kAdded entry is another snapshot's, another one has no sequence
///         number; kUnsupported for format version 1
Result<ManifestFile> WriteManifest(io::ObjectStore& store, const std::string& location,
                                   const ManifestHeader& header,
                                   std::span<const ManifestEntry> entries);

/// Reads a manifest, of format version 1, 2 or 3 and by any writer (columns by field id),
/// with sequence numbers and snapshot ids inherited from `manifest`, `spec_id` set in
/// each file.
///
/// \param spec    the table's spec with id `manifest.spec_id`
/// \param schema  the table's schema, for the types of partition values
/// \return entries of every status, in file order; kCorrupt names location and cause,
/// which
///         may be that `manifest` counts another number of files; kUnsupported for a
///         codec other than null, deflate and zstandard, or for a size that no table
///         needs
Result<std::vector<ManifestEntry>> ReadManifest(io::ObjectStore& store,
                                                const ManifestFile& manifest,
                                                const PartitionSpec& spec,
                                                const Schema& schema);

/// What a manifest list says of itself.
struct ManifestListHeader {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  int32_t format_version = 2;
  /// v3: the row id that data manifests without one of their own count from.
  std::optional<int64_t> first_row_id;
};

/// Writes a manifest list at a fresh location. Manifests whose sequence number is unset
/// get the snapshot's, as the spec's inheritance asks, and their min too where it is
/// unset. A retry with a new sequence number therefore rewrites only the list.
/// \return kInvalidArgument if one that another snapshot added has none
Status WriteManifestList(io::ObjectStore& store, const std::string& location,
                         const ManifestListHeader& header,
                         std::span<const ManifestFile> manifests);

/// Reads a manifest list of format version 1, 2 or 3. Numbers that version 1 lacks are 0.
/// \return kCorrupt names location and cause; kUnsupported as for ReadManifest
Result<std::vector<ManifestFile>> ReadManifestList(io::ObjectStore& store,
                                                   const std::string& location);

}  // namespace calve::table
