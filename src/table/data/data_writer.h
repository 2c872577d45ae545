#pragma once

/// \file table/data/data_writer.h
/// Writes Arrow batches as a table's Parquet data files. Spec: "Data files", Appendix A
/// "Parquet", "Column projection".

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/clock.h"
#include "core/result.h"
#include "io/object_store.h"
#include "table/manifest/data_file.h"
#include "table/schema/schema.h"

namespace calve::table {

struct WriteOptions {
  int64_t target_file_bytes = 512LL * 1024 * 1024;
  int64_t row_group_rows = 128LL * 1024;
  int zstd_level = 1;
  /// String columns whose bounds are kept whole; others are cut to 16 code points (upper
  /// bounds rounded up), as Iceberg does by default.
  std::set<std::string> full_bounds_columns;
  /// Columns that are nearly unique text: written plain, without trying a dictionary.
  std::set<std::string> plain_columns;
};

/// Where a table's files go.
struct WriteTarget {
  io::ObjectStore* store;  // outlives the writer
  UuidSource* uuids;       // outlives the writer
  std::string location;    // the table's; files go below `data/`
  Schema schema;
  PartitionSpec spec;
};

/// Writes rows into one open file per partition value, and a new one past the target
/// size. Until Finish() gives the files they are the writer's, and vanish with it; then
/// those that are not committed are orphans, for the caller to delete (DeleteFiles in
/// commit/) or to leave. Not thread-safe.
class DataWriter {
 public:
  static Result<std::unique_ptr<DataWriter>> Make(WriteTarget target,
                                                  WriteOptions options);
  DataWriter(const DataWriter&) = delete;
  DataWriter& operator=(const DataWriter&) = delete;
  virtual ~DataWriter() = default;

  /// Appends rows. Columns are taken by name and must have ToArrow(schema)'s types;
  /// optional columns that the batch lacks are null; a null in a required column is
  /// kInvalidArgument.
  virtual Status Write(const arrow::RecordBatch& batch) = 0;

  /// Closes all files. \return them, with counts, bounds, sizes and split offsets, in the
  /// order they were begun; empty if nothing was written. Call once, last.
  virtual Result<std::vector<DataFile>> Finish() = 0;

 protected:
  DataWriter() = default;
};

/// Writes a file-scoped position delete file (`file_path`, `pos`; both bounds of
/// `file_path` whole, so that readers know its one data file) beside the data.
///
/// \param data_file  the file that the positions point into; gives path, spec and
/// partition \param positions  ascending, without repeats, not empty
Result<DataFile> WritePositionDeletes(const WriteTarget& target,
                                      const DataFile& data_file,
                                      const std::vector<int64_t>& positions);

}  // namespace calve::table
