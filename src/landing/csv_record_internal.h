#pragma once

/// \file landing/csv_record_internal.h
/// One CSV record out of a buffer: where its fields begin and end.

#include <array>
#include <cstddef>
#include <string_view>

#include "landing/csv_text_internal.h"

namespace calve::landing {

/// A field's text, without its quotes; in the buffer, or in the scratch space.
struct CsvField {
  std::string_view text;
  bool quoted = false;

  bool is_null() const { return text.empty() && !quoted; }
};

struct CsvRecord {
  std::array<CsvField, kCsvColumns> fields;
  int columns = 0;  // as many as the record has; those past kCsvColumns are not kept
  const char* next = nullptr;     // behind the record's line end
  const char* partial = nullptr;  // for kMore: where the field begins that is cut
  std::string_view problem;       // what is wrong, for kBad; `columns` tells where
};

enum class RecordOutcome {
  kRecord,
  kMore,  // the buffer ends within the record
  kBad,
};

/// Takes the record that begins at `begin`.
///
/// \param last  whether the file ends at `end`
/// \param scratch  room for the texts that were in quotes: the buffer's size and the
///        slack. The buffer, too, can be read up to the slack past `end`.
RecordOutcome ParseRecord(const char* begin, const char* end, bool last, char* scratch,
                          CsvRecord& record);

}  // namespace calve::landing
