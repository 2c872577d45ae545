#pragma once

/// \file table/scan/parquet_source.h
/// A Parquet file opened for reading. Include in .cc files of table/scan only.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>

#include "core/result.h"
#include "io/object_store.h"
#include "table/data/arrow_stream.h"
#include "table/scan/scan.h"

namespace calve::table {

/// An open file. Not thread-safe.
struct ParquetSource {
  std::string location;
  std::shared_ptr<ArrowInput> input;  // shared with reader, as Parquet wants it
  std::unique_ptr<parquet::arrow::FileReader> reader;

  /// Opens a file and checks its footer. \return kNotFound, kUnavailable; kCorrupt if it
  /// is not Parquet or has not as many rows as the manifest says; kUnsupported for
  /// another format or an encrypted file
  static Result<ParquetSource> Open(io::ObjectStore& store, const DataFile& file);

  Status Guard(const std::function<arrow::Status()>& body) const;
  const parquet::FileMetaData& footer() const;
};

/// Where the file has a column of the projection.
struct MappedColumn {
  int field = -1;           // top-level in the file; -1: the file lacks it
  std::vector<int> leaves;  // Parquet columns
  bool is_int96 = false;
  const MappedName* mapped = nullptr;  // by which it was found, if by a name mapping
};

/// Finds columns by field id; in a file whose columns carry no ids by the table's name
/// mapping, or else by name.
class ColumnMap {
 public:
  /// \param names  the name mapping, which outlives this and what it finds; null: none
  ColumnMap(const ParquetSource& source, const NameMapping* names);

  /// \param name  nullptr: not known; then not looked for by it
  MappedColumn Find(FieldId id, const std::string* name) const;

 private:
  const parquet::arrow::SchemaManifest& manifest_;  // the source's
  const NameMapping* names_;
  bool has_ids_ = false;
};

/// A row group to read.
struct RowGroupRange {
  int index = 0;
  int64_t first_row = 0;  // in the file
  int64_t rows = 0;
};

/// The row groups that may have rows that match the filters and are at the positions
/// (ascending; nullopt: at any). May throw as Parquet does: call it in a guard.
std::vector<RowGroupRange> SelectRowGroups(
    const ParquetSource& source, const ColumnMap& columns,
    const std::vector<ColumnFilter>& filters,
    const std::optional<std::vector<int64_t>>& positions);

}  // namespace calve::table
