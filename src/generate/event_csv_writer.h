#pragma once

/// \file generate/event_csv_writer.h
/// Writes events as CSV: RFC 4180, UTF-8, PostgreSQL's NULL rules.

#include <span>
#include <string>
#include <string_view>

#include "generate/event_record.h"

namespace calve::generate {

/// Writes one event file: a header, then a line per event. NULL is an empty field, the
/// empty string is `""`; lines end in `\n`. Buffers, so call Finish. Not thread-safe.
class EventCsvWriter {
 public:
  /// \param payload_columns  names of the fields in EventRecord::payload
  EventCsvWriter(std::span<const std::string> payload_columns, ByteSink sink);

  /// Adds an event with as many payload fields as there are payload columns.
  /// \return the sink's Error; the file is then of no use
  Status Write(const EventRecord& record);

  /// Hands the rest to the sink.
  Status Finish();

 private:
  void AppendField(const Field& field);
  Status Flush();

  ByteSink sink_;
  std::string buffer_;
};

}  // namespace calve::generate
