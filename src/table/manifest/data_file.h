#pragma once

/// \file table/manifest/data_file.h
/// What a manifest says of a data or delete file. Spec: "Manifests", `data_file`.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "table/schema/partition.h"

namespace calve::table {

enum class FileContent { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

/// A data or delete file. Maps go from field id to the figure; a column may be missing in
/// each.
struct DataFile {
  FileContent content = FileContent::kData;
  std::string file_path;                // location
  std::string file_format = "PARQUET";  // upper case
  int32_t spec_id = 0;                  // not in the file: from its manifest
  PartitionValues partition;
  int64_t record_count = 0;
  int64_t file_size_bytes = 0;
  std::map<int32_t, int64_t> column_sizes_bytes;
  std::map<int32_t, int64_t> value_counts;
  std::map<int32_t, int64_t> null_value_counts;
  std::map<int32_t, int64_t> nan_value_counts;
  std::map<int32_t, std::string> lower_bounds;  // EncodeLiteral form, perhaps truncated
  std::map<int32_t, std::string> upper_bounds;
  std::vector<int64_t> split_offsets;
  std::vector<int32_t> equality_ids;
  std::optional<int32_t> sort_order_id;
  /// v3: the row id of the file's first row; a reader inherits it where a manifest has
  /// it.
  std::optional<int64_t> first_row_id;
  /// How the file is encrypted, kept for those who know; such a file can't be read here.
  std::optional<std::string> key_metadata;
  /// A delete file: the only data file that it points at, where it says so.
  std::optional<std::string> referenced_data_file;
  /// v3 deletion vectors: where the blob lies in its Puffin file.
  std::optional<int64_t> content_offset;
  std::optional<int64_t> content_size_bytes;

  bool operator==(const DataFile&) const = default;
};

/// The data file that all of a position delete file's rows point at:
/// `referenced_data_file`, or the `file_path` bounds (field 2147483546) where lower and
/// upper are equal; else nullopt (a partition-scoped delete file).
std::optional<std::string> ReferencedDataFile(const DataFile& delete_file);

}  // namespace calve::table
