#pragma once

/// \file generate/event_csv_reader.h
/// Reads event files: CSV with the columns `audit_operation`, `audit_timestamp`, `schema`
/// and `table`; every other column is a field of the payload.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "generate/csv_reader.h"
#include "generate/event_record.h"

namespace calve::generate {

/// Reads one event file as a stream. Not thread-safe.
class EventCsvReader {
 public:
  /// Reads the header.
  ///
  /// \param name  the file's name, for messages
  /// \return the reader, or kCorrupt: no header, or one that lacks one of the four audit
  ///         columns, names a column twice or leaves one unnamed; or the source's Error
  static Result<EventCsvReader> Make(std::string name, ByteSource source);

  /// Names of the payload's fields, in the file's order.
  const std::vector<std::string>& payload_columns() const { return payload_columns_; }

  /// Reads the next event. The fields' contents are not checked.
  ///
  /// \param record  set to views that the next call, or a move of the reader, ends
  /// \return false at the end of the file; CsvReader's errors; or kCorrupt, naming the
  ///         record, if it has another number of fields than the header
  Result<bool> Next(EventRecord& record);

  /// A kCorrupt that names the file and the record read last.
  Error Corrupt(std::string_view what) const { return csv_.Corrupt(what); }

 private:
  explicit EventCsvReader(CsvReader csv) : csv_(std::move(csv)) {}
  Status ReadHeader();

  CsvReader csv_;
  std::array<size_t, 4> audit_positions_{};  // of operation, timestamp, schema, table
  std::vector<size_t> payload_positions_;
  std::vector<std::string> payload_columns_;
  std::vector<Field> fields_;
  std::vector<Field> payload_;
};

}  // namespace calve::generate
