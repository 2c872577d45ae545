#pragma once

/// \file table/scan/scan.h
/// Reads a table: which files, with which deletes, as batches of live rows.
/// Spec: "Scan Planning", "Column Projection", "Position Delete Files".

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "io/object_store.h"
#include "table/manifest/manifest.h"
#include "table/metadata/table_metadata.h"
#include "table/schema/name_mapping.h"

namespace calve::table {

/// A condition on one column, used to leave out files and row groups that cannot match
/// (by partition, bounds and null counts); rows that remain may still not match.
/// Conditions of a scan are joined by AND.
struct ColumnFilter {
  FieldId column;
  std::optional<Literal> lower;  // inclusive
  std::optional<Literal> upper;  // inclusive
  /// If not empty: the value is one of these (ascending by Compare); narrows more than
  /// bounds.
  std::vector<Literal> values;
};

/// The value of a column in all rows of a file, as the file's partition has it.
struct ColumnConstant {
  FieldId column;
  Type type;
  Literal value;
};

/// A data file to read and the delete files that apply to it.
struct ScanTask {
  DataFile file;
  int64_t data_sequence_number = 0;
  std::vector<DataFile> deletes;
  /// Columns partitioned by identity: a file that lacks one has its value here.
  std::vector<ColumnConstant> constants = {};
  /// How a file without field ids names its columns; null: as the table does now. Shared
  /// by the tasks of a plan.
  std::shared_ptr<const NameMapping> names = nullptr;
};

/// Plans the live files of a snapshot. Position deletes are matched by sequence number,
/// partition and `file_path`.
/// \return tasks by sequence number, then path; kUnsupported names an equality delete
/// file or a
///         deletion vector that applies
Result<std::vector<ScanTask>> PlanScan(io::ObjectStore& store,
                                       const TableMetadata& metadata,
                                       const Snapshot& snapshot,
                                       const std::vector<ColumnFilter>& filters);

/// Plans the data files that snapshots after `from` (none: since the beginning) up to and
/// with `to` appended, oldest snapshot first.
///
/// \return the tasks, without deletes; nullopt if that is not the whole difference:
/// `from` is
///         not an ancestor of `to`, a snapshot between is gone, or one is neither an
///         `append` nor a `replace` (compaction, which adds no rows): then the caller
///         reads it all
Result<std::optional<std::vector<ScanTask>>> PlanIncrementalAppend(
    io::ObjectStore& store, const TableMetadata& metadata, std::optional<SnapshotId> from,
    const Snapshot& to);

/// What to read of each row.
struct ReadOptions {
  /// The columns, by field id and in this order and type; one with a narrower type is
  /// widened. A file that lacks one gives the task's constant, or else nulls.
  Schema projection;
  std::vector<ColumnFilter> filters;  // to skip row groups
  /// Adds `_file utf8 (dictionary-encoded) not null` and `_pos int64 not null` after the
  /// columns: where the row lies, for position deletes.
  bool with_position = false;
  /// If set: only rows at these positions of the file (ascending) are returned, and row
  /// groups without any are not read. Applies to ReadFile.
  std::optional<std::vector<int64_t>> positions;
  int64_t batch_rows = int64_t{64} * 1024;
};

/// Batches, one after the other; null at the end. Not thread-safe.
class BatchReader {
 public:
  BatchReader() = default;
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;
  virtual ~BatchReader() = default;
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

/// Reads the live rows of one file, deletes applied, in file order.
Result<std::unique_ptr<BatchReader>> ReadFile(io::ObjectStore& store,
                                              const ScanTask& task, ReadOptions options);

/// Reads the live rows of all tasks, one file after the other. `store` outlives the
/// reader.
std::unique_ptr<BatchReader> ReadTasks(io::ObjectStore& store,
                                       std::vector<ScanTask> tasks, ReadOptions options);

/// The deleted positions of a data file, ascending, without repeats, over the given
/// position delete files.
Result<std::vector<int64_t>> ReadDeletedPositions(
    io::ObjectStore& store, const std::string& data_file,
    const std::vector<DataFile>& delete_files);

}  // namespace calve::table
