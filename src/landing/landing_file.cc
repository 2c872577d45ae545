#include "landing/landing_file.h"

#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "core/time_units.h"

namespace calve::landing {
namespace {

constexpr size_t kFlushBytes = 1 << 20;
// Rows that are encoded between two looks at the buffer's size.
constexpr int64_t kRowsPerStep = 512;

}  // namespace

std::string DatedName(TimestampUs time, std::string_view name) {
  const int64_t day = time.value / kMicrosPerDay - (time.value % kMicrosPerDay < 0);
  const CivilDate date = CivilFromDays(day);
  return fmt::format("{:04}/{:02}/{:02}/{}.csv", date.year, date.month, date.day, name);
}

LandingFileWriter::LandingFileWriter(std::unique_ptr<io::OutputFile> output,
                                     std::string key, FileLimits limits)
    : output_(std::move(output)), limits_(limits) {
  file_.key = std::move(key);
}

Result<std::unique_ptr<LandingFileWriter>> LandingFileWriter::Start(
    io::ObjectStore& store, const std::string& location, std::string key,
    FileLimits limits) {
  CALVE_ASSIGN(auto output, store.Create(location));
  return std::unique_ptr<LandingFileWriter>(
      new LandingFileWriter(std::move(output), std::move(key), limits));
}

Result<int64_t> LandingFileWriter::Append(const arrow::RecordBatch& batch,
                                          int64_t first_row) {
  int64_t row = first_row;
  while (row < batch.num_rows()) {
    CALVE_ASSIGN(const int64_t rows, AppendStep(batch, row));
    if (rows <= 0) {
      break;
    }
    row += rows;
  }
  return row - first_row;
}

Result<int64_t> LandingFileWriter::AppendStep(const arrow::RecordBatch& batch,
                                              int64_t first_row) {
  const CsvWriter::Limit limit = {
      .rows = std::min(kRowsPerStep, limits_.rows - file_.rows),
      .bytes = limits_.bytes - file_.bytes};
  CALVE_ASSIGN(const int64_t rows,
               csv_.Append(batch, first_row, limit, /*has_rows=*/file_.rows > 0));
  file_.rows += rows;
  if (csv_.bytes().size() >= kFlushBytes) {
    CALVE_TRY(Flush());
  }
  return rows;
}

Result<bool> LandingFileWriter::AppendLong(const arrow::RecordBatch& row,
                                           const PiecewisePayload& payload) {
  const size_t before = csv_.bytes().size();
  CALVE_TRY(csv_.BeginLongRow(row, payload.quoted));
  if (!HasRoomFor(payload.bytes)) {
    csv_.Truncate(before);
    return false;
  }
  while (true) {
    CALVE_ASSIGN(const auto piece, payload.next_piece());
    if (!piece) {
      break;
    }
    csv_.AppendPiece(*piece);
    CALVE_TRY(Flush());
  }
  csv_.EndLongRow(payload.quoted);
  ++file_.rows;
  return true;
}

/// Whether a payload, and the end of its row, fits behind what was encoded.
bool LandingFileWriter::HasRoomFor(int64_t payload_bytes) const {
  constexpr int64_t kEndBytes = 2;  // the quote, the line feed
  const int64_t most = file_.bytes + static_cast<int64_t>(csv_.bytes().size()) +
                       2 * payload_bytes + kEndBytes;
  return file_.rows == 0 || (file_.rows < limits_.rows && most <= limits_.bytes);
}

Status LandingFileWriter::Flush() {
  const std::string_view bytes = csv_.bytes();
  hash_.Update(bytes);
  file_.bytes += static_cast<int64_t>(bytes.size());
  CALVE_TRY(output_->Write(bytes));
  csv_.Clear();
  return {};
}

Result<LandedFile> LandingFileWriter::Close() {
  CALVE_TRY(Flush());
  CALVE_TRY(output_->Close());
  file_.sha256 = hash_.Finish();
  return file_;
}

}  // namespace calve::landing
