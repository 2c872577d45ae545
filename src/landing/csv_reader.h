#pragma once

/// \file landing/csv_reader.h
/// Landing files as events: a streaming reader of RFC 4180 with PostgreSQL's NULLs.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "io/object_store.h"

namespace calve::landing {

struct CsvReadOptions {
  /// A batch ends at the row that reaches either of these.
  int64_t batch_rows = 65'536;
  int64_t batch_bytes = 16LL * 1024 * 1024;
  /// A longer field is an error: what PostgreSQL itself can hold. At most 2^30.
  int64_t max_field_bytes = 1LL << 30;
  /// Bytes read at once; more where a row is longer.
  size_t chunk_bytes = 1 << 20;
};

/// Reads a landing file from its beginning to its end. Not thread-safe.
///
/// The file is UTF-8, may begin with a byte order mark, and its first line must be the
/// header of CsvWriter. Lines end in LF or CRLF, the last one may lack it. A field is
/// text, or in quotes with doubled quotes inside; an empty field without quotes is NULL.
/// The id is a whole number; timestamps as ParseTimestamp() takes them, and NULL for
/// those of core/far_timestamp.h, whose text the file keeps. The file is read once, front
/// to back. Memory: a batch, and the longest row twice.
class CsvReader {
 public:
  /// \param name  of the file, for messages
  CsvReader(std::unique_ptr<io::InputFile> file, std::string name,
            const CsvReadOptions& options = {});
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;
  ~CsvReader();

  /// The next batch, of EventSchema() and with at least one row; null at the end.
  ///
  /// \return kCorrupt, with file, line and column, if the bytes are no landing CSV;
  ///         kUnavailable if they can't be read. After an error every call returns it.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace calve::landing
