#pragma once

/// \file table/scan/file_pruning.h
/// Leaves out manifests and files that no row matching a scan's filters can be in.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "table/manifest/manifest.h"
#include "table/metadata/table_metadata.h"
#include "table/scan/scan.h"

namespace calve::table {

/// A partition spec, with what it needs to be read and what the filters say of it.
struct ScanSpec {
  PartitionSpec spec;
  /// A schema that has the spec's source columns, dropped ones too.
  Schema schema;
  Type partition_type;
  struct Projected {
    size_t field;  // of the spec
    ColumnFilter filter;
  };
  std::vector<Projected> filters;

  /// A text that is equal exactly for files of one partition of this spec.
  std::string KeyOf(const DataFile& file) const;
};

/// Filters that know their columns' types. Immutable; thread-safe.
class FilePruner {
 public:
  /// \return kInvalidArgument for a filter on a column that the snapshot's schema and the
  ///         current one lack, or with literals of another type; kCorrupt if a spec has
  ///         a source column that no schema has
  static Result<FilePruner> Make(const TableMetadata& metadata, const Snapshot& snapshot,
                                 const std::vector<ColumnFilter>& filters);

  /// \return the spec, or kCorrupt
  Result<const ScanSpec*> FindSpec(int32_t spec_id) const;

  bool MayMatch(const ScanSpec& spec, const ManifestFile& manifest) const;
  /// By partition alone: for delete files, whose bounds are those of other rows.
  bool PartitionMayMatch(const ScanSpec& spec, const DataFile& file) const;
  /// By partition and bounds.
  bool MayMatch(const ScanSpec& spec, const DataFile& file) const;

 private:
  struct TypedFilter {
    ColumnFilter filter;
    Type type;
  };

  std::vector<TypedFilter> filters_;
  std::map<int32_t, ScanSpec> specs_;
};

}  // namespace calve::table
