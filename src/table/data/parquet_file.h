#pragma once

/// \file table/data/parquet_file.h
/// One Parquet file in the making. Include in .cc files of table/ only.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "io/object_store.h"
#include "table/manifest/data_file.h"
#include "table/schema/schema.h"

namespace calve::table {

struct ParquetSettings {
  std::string location;
  Schema schema;
  /// The batches' schema: the Arrow form of `schema`, or one that Parquet stores the same
  /// way (dictionaries).
  std::shared_ptr<arrow::Schema> arrow_schema;
  int64_t row_group_rows = 0;
  int zstd_level = 1;
  std::set<std::string> full_bounds_columns;
  std::set<std::string> plain_columns;
  /// Values longer than this leave their column chunk without bounds.
  int64_t max_bounds_bytes = 4096;
};

/// Writes record batches into row groups. Pages of the open row group are held in memory,
/// encoded and compressed. The object appears at Close; destroyed before, nothing is
/// left. Not thread-safe.
class ParquetFile {
 public:
  static Result<std::unique_ptr<ParquetFile>> Make(io::ObjectStore& store,
                                                   ParquetSettings settings);
  ParquetFile(const ParquetFile&) = delete;
  ParquetFile& operator=(const ParquetFile&) = delete;
  virtual ~ParquetFile() = default;

  /// Appends rows: the settings' columns, in their order and types.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;

  /// Ends the open row group, so that its memory is free.
  virtual Status FlushRowGroup() = 0;

  /// Bytes of the open row group, before encoding: an upper estimate of its memory.
  virtual int64_t buffered_bytes() const = 0;
  /// Bytes of the finished row groups.
  virtual int64_t written_bytes() const = 0;

  /// Publishes the file. \return its figures, without content, spec and partition
  virtual Result<DataFile> Close() = 0;

 protected:
  ParquetFile() = default;
};

/// Columns whose values hardly repeat in `sample`, where a dictionary only costs time.
std::set<std::string> NearlyUniqueColumns(const arrow::RecordBatch& sample);

}  // namespace calve::table
