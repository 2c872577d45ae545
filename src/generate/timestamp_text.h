#pragma once

/// \file generate/timestamp_text.h
/// Formats many timestamps of neighbouring days quickly.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/timestamp.h"

namespace calve::generate {

/// Writes timestamps of the years 0-9999 with six decimals. Not thread-safe.
class TimestampText {
 public:
  /// Appends `YYYY-MM-DD<separator>HH:MM:SS.ffffff<offset>`, in UTC.
  void Append(TimestampUs time, char separator, std::string_view offset,
              std::string& out);

 private:
  int64_t day_ = 0;
  std::string date_ = "1970-01-01";  // of day_
};

}  // namespace calve::generate
