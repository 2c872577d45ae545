#pragma once

/// \file landing/event_builder_internal.h
/// Events from the texts of CSV fields.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/type_fwd.h>

#include "core/result.h"
#include "core/timestamp.h"
#include "landing/csv_record_internal.h"

namespace calve::landing {

/// Parses timestamps fast where they look as CsvWriter writes them, and share their date
/// with the one before; any other by ParseTimestamp(). Not thread-safe.
class TimestampReader {
 public:
  std::optional<TimestampUs> Read(std::string_view text);

 private:
  std::optional<int64_t> Midnight(std::string_view date);

  std::array<char, 10> cached_date_ = {'1', '9', '7', '0', '-', '0', '1', '-', '0', '1'};
  int64_t cached_midnight_ = 0;
};

/// Gathers records into a batch of EventSchema(). Not thread-safe.
class EventBuilder {
 public:
  EventBuilder();

  /// What is wrong with a record, and in which column (from 0).
  struct Problem {
    int column;
    std::string_view what;
  };

  /// Adds a record of kCsvColumns columns. A time that is none and text that is no UTF-8
  /// do not fit: they are marked (core/unfit_event.h). After a problem the builder is of
  /// no use.
  std::optional<Problem> Append(const CsvRecord& record);

  int64_t rows() const { return ids_.length(); }
  int64_t bytes() const { return bytes_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  std::optional<std::string_view> AppendId(const CsvField& field);
  std::optional<std::string_view> AppendTimestamp(const CsvField& field);
  std::optional<std::string_view> AppendText(int column, const CsvField& field,
                                             arrow::StringBuilder& builder);
  /// Notes why the record at hand does not fit, unless it is the second reason.
  void NoteUnfit(const char* rule, int column, std::string reason);

  arrow::Int64Builder ids_;
  arrow::StringBuilder operations_;
  arrow::TimestampBuilder timestamps_;
  arrow::StringBuilder schemas_;
  arrow::StringBuilder tables_;
  arrow::StringBuilder payloads_;
  TimestampReader timestamp_reader_;
  // Why the record at hand does not fit; no rule: it does.
  const char* unfit_rule_ = nullptr;
  int unfit_column_ = 0;
  std::string unfit_reason_;
  int64_t bytes_ = 0;
};

}  // namespace calve::landing
