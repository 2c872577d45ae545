#pragma once

/// \file generate/csv_reader.h
/// Reads CSV records from a stream: RFC 4180 with PostgreSQL's NULL rules.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "generate/event_record.h"

namespace calve::generate {

/// Reads a CSV stream record by record; memory is that of the longest record. Lines end
/// in
/// `\n` or `\r\n`, the last one also at the end of the stream. An empty field is NULL,
/// `""` the empty string. Not thread-safe.
class CsvReader {
 public:
  /// \param name  the stream's name, for messages
  CsvReader(std::string name, ByteSource source);

  /// Reads the next record.
  ///
  /// \param fields  set to views that the next call, or a move of the reader, ends
  /// \return false at the end; kCorrupt, naming the record, if a quote is open at the end
  ///         of the stream, a quote stands inside an unquoted field or text behind a
  ///         closing one, or the record is over a gigabyte; or the source's Error. After
  ///         an Error the reader is of no use.
  Result<bool> Next(std::vector<Field>& fields);

  /// A kCorrupt that names the stream and the record read last.
  Error Corrupt(std::string_view what) const;

 private:
  Result<bool> FindEnd(size_t& end);
  Status ReadMore();

  std::string name_;
  ByteSource source_;
  std::string buffer_;
  size_t begin_ = 0;  // of what is not read yet, in buffer_
  size_t size_ = 0;   // of the filled part of buffer_
  bool at_end_ = false;
  int64_t records_ = 0;
};

}  // namespace calve::generate
