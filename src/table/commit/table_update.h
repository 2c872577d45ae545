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
#include <set>
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

/// Loads a table. \return kNotFound if the catalog has none of this name, kCorrupt if its
/// metadata file is missing or does not parse, kUnsupported if it is gzipped
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
/// empty. A TableUpdate on it commits the creation, with data if it has any. Properties
/// get `write.parquet.compression-codec` = zstd and
/// `write.metadata.delete-after-commit.enabled` = true where they say nothing.
///
/// \return kInvalidArgument: a name is empty, repeated or would leave the warehouse; a
///         partition or sort field does not fit its column. kUnsupported: a format
///         version other than 2
Result<LoadedTable> DefineTable(const CommitContext& context,
                                const TableDefinition& definition);

/// A random positive snapshot id.
SnapshotId NewSnapshotId(UuidSource& uuids);

/// Files that come and go in one snapshot.
struct FileChanges {
  std::vector<DataFile> added_data = {};
  std::vector<DataFile> added_deletes = {};
  /// By file_path; each must be live in the base snapshot, else kConflict at Prepare.
  std::vector<std::string> removed_data = {};
  std::vector<std::string> removed_deletes = {};
  /// Data files that added deletes point at: each must be live in the base snapshot.
  std::vector<std::string> referenced_data = {};
};

/// A table's next version, in the making. Not thread-safe; a value that is committed
/// once.
class TableUpdate {
 public:
  /// \param new_snapshot_id  of the snapshot that the update makes, if it makes one; from
  ///                         NewSnapshotId. Known before the commit, so that other
  ///                         tables committed with it can name it
  TableUpdate(LoadedTable base, SnapshotId new_snapshot_id);

  SnapshotId new_snapshot_id() const { return new_snapshot_id_; }
  const LoadedTable& base() const { return base_; }
  /// The metadata with the changes so far (no snapshot yet): for writers that need the
  /// new schema.
  const TableMetadata& metadata() const { return metadata_; }

  /// Adds optional top-level columns at the end, with fresh ids, whatever theirs are;
  /// their docs are kept. kInvalidArgument: a required column, or a name that is there
  /// already (exactly), as a column or as a partition field. All schema changes of one
  /// update make one new schema version; one that fails changes nothing.
  Status AddColumns(const std::vector<Field>& columns);
  /// Widens a top-level column as CanPromote allows, renames it, or drops it.
  /// kInvalidArgument: no such column; not allowed; the name is taken; the column to drop
  /// is used by a partition spec (any, old ones too), a sort order or as an identifier.
  Status PromoteColumn(FieldId column, const Type& type);
  /// Lets a top-level column be null. kInvalidArgument: no such column, or it is an
  /// identifier.
  Status MakeOptional(FieldId column);
  Status RenameColumn(FieldId column, const std::string& name);
  Status DropColumn(FieldId column);

  void SetProperty(const std::string& key, const std::string& value);
  void RemoveProperty(const std::string& key);

  /// Adds files as one snapshot with `operation` append. This and the next two are
  /// kInvalidArgument if a file is of the wrong content, repeated, or has a spec or a
  /// partition that the table does not have, and if one of the three was called before.
  Status Append(std::vector<DataFile> files);
  /// Changes rows as one snapshot: `append` if only data is added, `delete` if none is
  /// added and files are removed or deletes added, else `overwrite`.
  Status ChangeRows(FileChanges changes);
  /// Rewrites files without changing rows, as a snapshot with `operation` replace.
  Status ReplaceFiles(FileChanges changes);
  /// Adds an entry to the snapshot's summary; an `append` without files if there is no
  /// other. Counts and totals are not to be set.
  void SetSummary(const std::string& key, const std::string& value);
  /// Makes another retained snapshot `main` again; files that come with the same update
  /// are added on top of it. kInvalidArgument if it is not retained.
  Status Rollback(SnapshotId to);
  /// Takes snapshots out of the metadata, with what it says of them (statistics, the
  /// log's entries up to them); their files stay. Snapshots that descend from them keep
  /// naming their parent. kInvalidArgument if a ref names one, unless it is removed
  /// first.
  Status ExpireSnapshots(const std::set<SnapshotId>& ids);
  /// Removes a branch or tag; kInvalidArgument for `main`. One that is not there is no
  /// error.
  Status RemoveRef(const std::string& name);

  /// Whether there is nothing to commit. Committed with others, an empty update asserts
  /// that the table is still at its base.
  bool empty() const;
  /// Whether committing it makes a snapshot: files or summary entries were given.
  bool makes_snapshot() const;

 private:
  friend class UpdatePreparer;
  Status AdoptSchema(Schema schema);
  Status SetFiles(FileChanges changes, std::string operation);

  LoadedTable base_;
  SnapshotId new_snapshot_id_;
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
  /// Old metadata files to be deleted once it is committed.
  std::vector<std::string> dropped_metadata = {};
};

/// Writes all that the update needs but the pointer. The new snapshot's summary holds the
/// counts and totals that Iceberg's own writers give (added-data-files, total-records,
/// …). Manifests are merged when a snapshot would have more than
/// `commit.manifest.min-count-to-merge` (default 100) of one content and spec, into ones
/// of up to `commit.manifest.target-size-bytes` (default 8 MiB); old metadata is trimmed
/// from the log by `write.metadata.previous-versions-max` (default 100), and deleted
/// after the commit where `write.metadata.delete-after-commit.enabled` says so. Its time
/// is later than that of the base, even if the clock steps back.
///
/// \return kConflict if a removed or referenced file is not live in the base;
///         kUnsupported for a snapshot of a version 3 table. What was written is deleted
Result<PreparedUpdate> Prepare(const CommitContext& context, TableUpdate update);

/// Commits the updates of several tables in one catalog transaction.
///
/// A reply that was lost is looked for in the catalog: the new metadata is the table's,
/// or in the log of the one that followed: committed. Every table is still at its base:
/// tried once more. Another writer has followed the base: kConflict.
///
/// \return the new versions in order (one that a later commit has superseded, too);
///         kConflict: nothing has happened, what was written for it is deleted, data
///         files are left to the caller. kUnavailable: not committed when last looked
///         at. kCommitUnknown: it cannot be told. After these two nothing is deleted, and
///         data files must stay. kInvalidArgument if two updates are of one table
Result<std::vector<LoadedTable>> CommitUpdates(const CommitContext& context,
                                               std::vector<TableUpdate> updates);

/// Deletes files that no commit refers to; a failure is not reported: they are orphans
/// then.
void DeleteFiles(io::ObjectStore& store, std::span<const DataFile> files);

}  // namespace calve::table
