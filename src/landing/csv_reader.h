#pragma once

/// \file landing/csv_reader.h
/// Landing files as events: a streaming reader of RFC 4180 with PostgreSQL's NULLs.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "core/unfit_event.h"
#include "io/object_store.h"

namespace calve::landing {

struct CsvReadOptions {
  /// A batch ends at the row that reaches either of these.
  int64_t batch_rows = 65'536;
  int64_t batch_bytes = 16LL * 1024 * 1024;
  /// A longer raw_data gives way to a mark (core/unfit_event.h) with its SHA-256 and
  /// length; a longer other field is an error. At most 2^30.
  int64_t max_event_bytes = kDefaultMaxEventBytes;
  /// The raw_data of a row longer than this is read piece by piece.
  size_t long_row_bytes = 4 << 20;
  /// Bytes read at once; more where a row is longer.
  size_t chunk_bytes = 1 << 20;
};

/// Reads a landing file from its beginning to its end. Not thread-safe.
///
/// The file is UTF-8, may begin with a byte order mark, and its first line must be the
/// header of CsvWriter. Lines end in LF or CRLF, the last one may lack it. A field is
/// text, or in quotes with doubled quotes inside; an empty field without quotes is NULL.
/// The id is a whole number; timestamps as ParseTimestamp() takes them, and NULL for
/// those of core/far_timestamp.h, whose text the file keeps. A time that is none, or text
/// that is no UTF-8, is marked, too.
/// The file is read once, front to back. Memory: a batch, a payload of max_event_bytes,
/// and long_row_bytes a few times.
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
