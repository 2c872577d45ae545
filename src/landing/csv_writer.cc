#include "landing/csv_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/event.h"
#include "core/far_timestamp.h"
#include "core/time_units.h"
#include "landing/csv_text_internal.h"

namespace calve::landing {
namespace {

constexpr size_t kInitialBytes = 1 << 16;
constexpr size_t kMaxNumberBytes = 20;
constexpr std::string_view kUtc = "+00";
constexpr size_t kMaxTimestampBytes = 32;  // with the time and offset behind the date

constexpr int kIdIndex = kEventIdColumn - kEventColumnsOffset;
constexpr int kTimestampIndex = kTimestampColumn - kEventColumnsOffset;

// Years that have four digits and no BC.
const int64_t kFirstShortDay = DaysFromCivil(1, 1, 1);
const int64_t kLastShortDay = DaysFromCivil(9999, 12, 31);

void PutTwoDigits(char* out, int64_t value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
}

/// Writes `.123456` without trailing zeros, nothing for zero. \return the end
char* PutFraction(char* out, int64_t micros) {
  if (micros == 0) {
    return out;
  }
  int digits = 6;
  while (micros % 10 == 0) {
    micros /= 10;
    --digits;
  }
  *out = '.';
  for (int i = digits; i > 0; --i) {
    out[i] = static_cast<char>('0' + micros % 10);
    micros /= 10;
  }
  return out + digits + 1;
}

Status CheckSchema(const arrow::RecordBatch& batch) {
  if (!batch.schema()->Equals(*EventSchema(), /*check_metadata=*/false)) {
    return Error{ErrorKind::kInvalidArgument,
                 "not a batch of events: " + batch.schema()->ToString()};
  }
  return {};
}

}  // namespace

CsvWriter::CsvWriter() : buffer_(kInitialBytes) {
  std::memcpy(buffer_.data(), kCsvHeader.data(), kCsvHeader.size());
  buffer_[kCsvHeader.size()] = '\n';
  used_ = kCsvHeader.size() + 1;
}

Result<int64_t> CsvWriter::Append(const arrow::RecordBatch& batch, int64_t first_row,
                                  Limit limit, bool has_rows) {
  CALVE_TRY(CheckSchema(batch));
  const arrow::ArrayVector& columns = batch.columns();
  const int64_t end = first_row + std::min(limit.rows, batch.num_rows() - first_row);
  int64_t row = first_row;
  for (; row < end; ++row) {
    const size_t before = used_;
    AppendRow(columns, row);
    if (has_rows && used_ > static_cast<size_t>(limit.bytes)) {
      used_ = before;  // It begins the next file.
      break;
    }
    has_rows = true;
  }
  return row - first_row;
}

Status CsvWriter::BeginLongRow(const arrow::RecordBatch& row, bool quoted) {
  CALVE_TRY(CheckSchema(row));
  AppendFields(row.columns(), /*row=*/0, kCsvColumns - 1);
  AppendByte(',');
  if (quoted) {
    AppendByte('"');
  }
  return {};
}

void CsvWriter::AppendPiece(std::string_view piece) {
  char* const start = Room(2 * piece.size());
  used_ += static_cast<size_t>(CopyDoublingQuotes(piece, start) - start);
}

void CsvWriter::EndLongRow(bool quoted) {
  if (quoted) {
    AppendByte('"');
  }
  AppendByte('\n');
}

void CsvWriter::AppendRow(const arrow::ArrayVector& columns, int64_t row) {
  AppendFields(columns, row, kCsvColumns);
  AppendByte('\n');
}

void CsvWriter::AppendFields(const arrow::ArrayVector& columns, int64_t row, int count) {
  for (int column = 0; column < count; ++column) {
    if (column > 0) {
      AppendByte(',');
    }
    const arrow::Array& array = *columns[static_cast<size_t>(column)];
    if (array.IsNull(row)) {
      continue;
    }
    if (column == kIdIndex) {
      char* out = Room(kMaxNumberBytes);
      const int64_t id = static_cast<const arrow::Int64Array&>(array).Value(row);
      used_ +=
          static_cast<size_t>(std::to_chars(out, out + kMaxNumberBytes, id).ptr - out);
    } else if (column == kTimestampIndex) {
      AppendTimestamp({static_cast<const arrow::TimestampArray&>(array).Value(row)});
    } else {
      AppendText(static_cast<const arrow::StringArray&>(array).GetView(row));
    }
  }
}

/// Makes room for `bytes` more and the slack. \return where to write them
char* CsvWriter::Room(size_t bytes) {
  const size_t needed = used_ + bytes + kCsvSlackBytes;
  if (needed > buffer_.size()) {
    buffer_.resize(std::max(needed, 2 * buffer_.size()));
  }
  return buffer_.data() + used_;
}

void CsvWriter::AppendByte(char byte) {
  *Room(1) = byte;
  ++used_;
}

void CsvWriter::AppendText(std::string_view text) {
  char* const start = Room(2 * text.size() + 2);
  char* out = start;
  if (NeedsQuotes(text)) {
    *out++ = '"';
    out = CopyDoublingQuotes(text, out);
    *out++ = '"';
  } else {
    std::memcpy(out, text.data(), text.size());
    out += text.size();
  }
  used_ += static_cast<size_t>(out - start);
}

void CsvWriter::AppendTimestamp(TimestampUs time) {
  int64_t day = time.value / kMicrosPerDay;
  int64_t micros = time.value % kMicrosPerDay;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --day;
  }
  if (day < kFirstShortDay || day > kLastShortDay) {
    AppendText(IsFarTimestamp(time) ? FarTimestampText(time)
                                    : FormatPostgresTimestamp(time));
    return;
  }
  if (day != cached_day_) {
    const std::string text = FormatPostgresTimestamp({day * kMicrosPerDay});
    std::copy_n(text.begin(), cached_date_.size(), cached_date_.begin());
    cached_day_ = day;
  }
  char* const start = Room(kMaxTimestampBytes);
  const int64_t seconds = micros / kMicrosPerSecond;
  std::memcpy(start, cached_date_.data(), cached_date_.size());
  start[10] = ' ';
  PutTwoDigits(start + 11, seconds / 3600);
  start[13] = ':';
  PutTwoDigits(start + 14, seconds / 60 % 60);
  start[16] = ':';
  PutTwoDigits(start + 17, seconds % 60);
  char* out = PutFraction(start + 19, micros % kMicrosPerSecond);
  out = std::copy(kUtc.begin(), kUtc.end(), out);
  used_ += static_cast<size_t>(out - start);
}

}  // namespace calve::landing
