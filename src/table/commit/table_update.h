#pragma once

/// \file table/commit/table_update.h
/// Changes to one table, gathered into a new metadata version, and their commit with
/// those of other tables. Spec: "Snapshots", "Commit Conflict Resolution and Retry".
///
/// An update is built against one loaded version of the table and commits only if the
/// catalog still points there (which asserts UUID and `main` at once). After kConflict
/// the caller loads the table again and decides anew; nothing here retries on its own.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "io/object_store.h"
#include "table/catalog/catalog.h"
#include "table/manifest/manifest.h"

namespace calve::table {

/// What commits need from outside. All outlive it.
struct CommitContext {
  io::ObjectStore* store;
  Catalog* catalog;
  Clock* clock;
  UuidSource* uuids;
};

/// Loads a table; kNotFound, kCorrupt.
Result<LoadedTable> LoadTable(io::ObjectStore& store, Catalog& catalog,
                              const TableName& name);

/// What a new table is made of. Field ids are assigned from 1 in column order, whatever
/// the schema holds; partition and sort fields refer to columns by the given schema's
/// ids.
struct TableDefinition {
  TableName name;
  Schema schema;
  PartitionSpec spec;
  SortOrder sort_order;
  Properties properties;
  std::optional<std::string> location;  // default: below the warehouse
  int32_t format_version = 2;
};

/// The first metadata of a new table, not yet in the catalog: `metadata_location` is
/// empty. A TableUpdate on it commits the creation, with data if it has any.
Result<LoadedTable> DefineTable(const CommitContext& context,
                                const TableDefinition& definition);

/// Files that come and go in one snapshot.
struct FileChanges {
  std::vector<DataFile> added_data;
  std::vector<DataFile> added_deletes;
  /// By file_path; each must be live in the base snapshot, else kConflict at Prepare.
  std::vector<std::string> removed_data;
  std::vector<std::string> removed_deletes;
  /// Data files that added deletes point at: each must be live in the base snapshot.
  std::vector<std::string> referenced_data;
};

/// A table's next version, in the making. Not thread-safe; a value that is committed
/// once.
class TableUpdate {
 public:
  explicit TableUpdate(LoadedTable base);

  const LoadedTable& base() const { return base_; }
  /// The metadata with the changes so far (no snapshot yet): for writers that need the
  /// new schema.
  const TableMetadata& metadata() const { return metadata_; }

  /// Adds optional top-level columns at the end, with fresh ids; their docs are kept. A
  /// name that is there already (exactly) is kInvalidArgument. Makes one new schema
  /// version.
  Status AddColumns(const std::vector<Field>& columns);
  /// Widens a column as CanPromote allows, renames it, or drops it; kInvalidArgument.
  Status PromoteColumn(FieldId column, const Type& type);
  Status RenameColumn(FieldId column, const std::string& name);
  Status DropColumn(FieldId column);

  void SetProperty(const std::string& key, const std::string& value);
  void RemoveProperty(const std::string& key);

  /// Adds files as one snapshot with `operation` append.
  Status Append(std::vector<DataFile> files);
  /// Changes rows as one snapshot: `append` if only data is added, `delete` if only
  /// deletes are added, else `overwrite`. At most one of Append, ChangeRows,
  /// ReplaceFiles.
  Status ChangeRows(FileChanges changes);
  /// Rewrites files without changing rows, as a snapshot with `operation` replace.
  Status ReplaceFiles(FileChanges changes);
  /// Adds an entry to the snapshot's summary; a snapshot without files if there is no
  /// other.
  void SetSummary(const std::string& key, const std::string& value);
  /// Makes an older snapshot `main` again.
  Status Rollback(SnapshotId to);

  bool empty() const;

 private:
  friend class UpdatePreparer;
  LoadedTable base_;
  TableMetadata metadata_;
  std::optional<FileChanges> changes_;
  std::string operation_;
  Properties summary_;
  bool metadata_changed_ = false;
};

/// An update whose manifests, manifest list and metadata file are written.
struct PreparedUpdate {
  PointerSwap swap;
  TableMetadata metadata;
  /// Files written for it, to be deleted if the commit definitely fails.
  std::vector<std::string> written;
};

/// Writes all that the update needs but the pointer. The new snapshot's summary holds the
/// counts and totals that Iceberg's own writers give (added-data-files, total-records,
/// …). Manifests are merged when a snapshot would have more than
/// `commit.manifest.min-count-to-merge` (default 100) of one content and spec; old
/// metadata is trimmed from the log by `write.metadata.previous-versions-max` (default
/// 100), files kept.
Result<PreparedUpdate> Prepare(const CommitContext& context, TableUpdate update);

/// Commits the updates of several tables in one catalog transaction.
///
/// \return the new versions in order; kConflict (the written metadata is deleted: nothing
/// has
///         happened); kCommitUnknown if it cannot be told even by a second look at the
///         catalog
Result<std::vector<LoadedTable>> CommitUpdates(const CommitContext& context,
                                               std::vector<TableUpdate> updates);

/// Deletes files that no commit refers to; a failure is not reported: they are orphans
/// then.
void DeleteFiles(io::ObjectStore& store, std::span<const DataFile> files);

}  // namespace calve::table
