#include "landing/csv_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/type.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "core/event.h"
#include "landing/csv_record_internal.h"
#include "landing/event_builder_internal.h"
#include "landing/long_payload_internal.h"

namespace calve::landing {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// What a row may hold besides one longest field, every byte of which may be a quote.
constexpr size_t kRestOfRowBytes = 1 << 20;

bool IsHeader(const CsvRecord& record) {
  if (record.columns != kCsvColumns) {
    return false;
  }
  for (size_t i = 0; i < record.fields.size(); ++i) {
    if (record.fields[i].text != EventSchema()->field(static_cast<int>(i))->name()) {
      return false;
    }
  }
  return true;
}

}  // namespace

/// The file's bytes pass through one buffer; a record that the buffer cuts is moved to
/// its front, and parsed again once more of it is there.
class CsvReader::Parser {
 public:
  Parser(std::unique_ptr<io::InputFile> file, std::string name,
         const CsvReadOptions& options)
      : file_(std::move(file)), name_(std::move(name)), options_(options) {
    arrow::util::InitializeUTF8();
    options_.chunk_bytes = std::max<size_t>(options_.chunk_bytes, 1);
    options_.max_event_bytes = std::min<int64_t>(options_.max_event_bytes, 1LL << 30);
    options_.batch_bytes = std::min<int64_t>(options_.batch_bytes, 1LL << 29);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() {
    if (failure_) {
      return *failure_;
    }
    auto batch = ReadBatch();
    if (!batch) {
      failure_ = batch.error();
    }
    return batch;
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> ReadBatch() {
    if (!started_) {
      CALVE_TRY(ReadHeader());
      started_ = true;
    }
    while (builder_.rows() < options_.batch_rows &&
           builder_.bytes() < options_.batch_bytes) {
      CALVE_ASSIGN(const bool more, ReadRecord());
      if (!more) {
        break;
      }
      CALVE_TRY(AppendRecord());
    }
    if (builder_.rows() == 0) {
      return std::shared_ptr<arrow::RecordBatch>();
    }
    return builder_.Finish();
  }

  Status ReadHeader() {
    while (!at_end_ && end_ - begin_ < kByteOrderMark.size()) {
      CALVE_TRY(Refill());
    }
    if (std::string_view(buffer_.data(), end_).starts_with(kByteOrderMark)) {
      begin_ += kByteOrderMark.size();
    }
    CALVE_ASSIGN(const bool any, ReadRecord());
    if (!any || !IsHeader(record_)) {
      return Corrupt(0, fmt::format("the first line must be the header {}", kCsvHeader));
    }
    return {};
  }

  /// Takes the next record into `record_`; false at the end of the file.
  Result<bool> ReadRecord() {
    while (true) {
      if (begin_ == end_ && at_end_) {
        return false;
      }
      record_start_ = begin_;
      const char* begin = buffer_.data() + begin_;
      const RecordOutcome outcome = begin_ == end_
                                        ? RecordOutcome::kMore
                                        : ParseRecord(begin, buffer_.data() + end_,
                                                      at_end_, scratch_.data(), record_);
      if (outcome == RecordOutcome::kBad) {
        return Corrupt(record_.columns - 1, record_.problem);
      }
      if (outcome == RecordOutcome::kRecord) {
        begin_ = static_cast<size_t>(record_.next - buffer_.data());
        return true;
      }
      const bool in_payload = record_.columns == kCsvColumns;
      if (end_ - begin_ > options_.long_row_bytes && started_ && in_payload) {
        CALVE_TRY(ReadLongPayload());
        return true;
      }
      CALVE_TRY(Refill());
    }
  }

  /// Takes a record whose payload the buffer cuts, and that is long.
  Status ReadLongPayload() {
    for (size_t i = 0; i + 1 < record_.fields.size(); ++i) {  // The buffer will move.
      head_[i] = record_.fields[i].text;
      record_.fields[i].text = head_[i];
    }
    const bool quoted = *record_.partial == '"';
    begin_ = static_cast<size_t>(record_.partial - buffer_.data()) + (quoted ? 1 : 0);
    LongPayload payload(options_.max_event_bytes);
    bool ended = false;
    while (!ended) {
      const PayloadPiece piece = TakePayloadPiece(
          {buffer_.data() + begin_, end_ - begin_}, quoted, at_end_, payload);
      if (!piece.problem.empty()) {
        return Corrupt(kCsvColumns - 1, piece.problem);
      }
      begin_ += piece.used;
      ended = piece.ended;
      if (!ended) {
        CALVE_TRY(Refill());
      }
    }
    CALVE_TRY(TakeLongRowEnd());
    long_text_ = std::move(payload).Finish();
    record_.fields.back() = {long_text_, quoted};
    return {};
  }

  /// Takes the line end behind a long payload.
  Status TakeLongRowEnd() {
    while (end_ - begin_ < 2 && !at_end_) {
      CALVE_TRY(Refill());
    }
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    if (rest.starts_with(',')) {
      return Corrupt(kCsvColumns - 1, "the row has more than 6 columns");
    }
    const size_t line_end = rest.starts_with("\r\n") ? 2 : 1;
    if (!rest.empty() && line_end == 1 && rest.front() != '\n') {
      return Corrupt(kCsvColumns - 1, "text behind the payload's end");
    }
    begin_ += std::min(line_end, rest.size());
    return {};
  }

  Status AppendRecord() {
    if (record_.columns != kCsvColumns) {
      return Corrupt(
          std::min(record_.columns, kCsvColumns) - 1,
          fmt::format("the row has {} columns, not {}", record_.columns, kCsvColumns));
    }
    const auto most = static_cast<size_t>(options_.max_event_bytes);
    for (int i = 0; i + 1 < kCsvColumns; ++i) {
      if (record_.fields[static_cast<size_t>(i)].text.size() > most) {
        return Corrupt(i, fmt::format("longer than {} bytes", most));
      }
    }
    CsvField& payload = record_.fields.back();
    if (payload.text.size() > most) {
      LongPayload hashed(options_.max_event_bytes);
      hashed.Append(payload.text);
      long_text_ = std::move(hashed).Finish();
      payload.text = long_text_;
    }
    if (const auto problem = builder_.Append(record_)) {
      return Corrupt(problem->column, problem->what);
    }
    return {};
  }

  /// Moves what is not parsed yet to the front and reads behind it, as much again where a
  /// record is longer than a chunk (so a long one is not parsed over and over).
  Status Refill() {
    const size_t kept = end_ - begin_;
    const size_t limit = 2 * std::max(static_cast<size_t>(options_.max_event_bytes),
                                      options_.long_row_bytes);
    if (kept > limit + kRestOfRowBytes) {
      return Corrupt(0,
                     fmt::format("the columns before raw_data are longer than {} bytes",
                                 limit + kRestOfRowBytes));
    }
    lines_ += CountLineFeeds({buffer_.data(), begin_});
    if (begin_ != 0) {
      std::copy_n(buffer_.begin() + static_cast<ptrdiff_t>(begin_), kept,
                  buffer_.begin());
    }
    buffer_start_ += begin_;
    record_start_ = 0;
    begin_ = 0;
    end_ = kept;
    const size_t wanted = std::max(options_.chunk_bytes, kept);
    if (buffer_.size() < kept + wanted + kCsvSlackBytes) {
      buffer_.resize(kept + wanted + kCsvSlackBytes);
      scratch_.resize(buffer_.size() + kCsvSlackBytes);
    }
    return Fill(wanted);
  }

  Status Fill(size_t wanted) {
    const uint64_t offset = buffer_start_ + end_;
    CALVE_ASSIGN(const size_t got,
                 file_->ReadAt(offset, std::span(buffer_).subspan(end_, wanted)));
    end_ += got;
    at_end_ = offset + got >= file_->size_bytes();
    if (got == 0 && !at_end_) {
      return Error{ErrorKind::kUnavailable,
                   fmt::format("{} ended early, at byte {}", name_, offset)};
    }
    return {};
  }

  /// The error at the current record. \param column  from 0
  Error Corrupt(int column, std::string_view what) const {
    const int64_t line = 1 + lines_ + CountLineFeeds({buffer_.data(), record_start_});
    const int shown = std::clamp(column, 0, kCsvColumns - 1);
    return Error{ErrorKind::kCorrupt,
                 fmt::format("{}, line {}, column {} ({}): {}", name_, line, shown + 1,
                             EventSchema()->field(shown)->name(), what)};
  }

  std::unique_ptr<io::InputFile> file_;
  std::string name_;
  CsvReadOptions options_;
  EventBuilder builder_;
  CsvRecord record_;
  std::array<std::string, kCsvColumns - 1> head_;  // of a long row
  std::string long_text_;                          // its payload
  std::vector<char> buffer_;
  std::vector<char> scratch_;
  uint64_t buffer_start_ = 0;  // of buffer_[0], in the file
  int64_t lines_ = 0;          // that ended before buffer_[0]
  size_t record_start_ = 0;    // in the buffer, as are the next two
  size_t begin_ = 0;           // of what is not parsed yet
  size_t end_ = 0;
  bool at_end_ = false;  // the buffer holds the file's last byte
  bool started_ = false;
  std::optional<Error> failure_;
};

CsvReader::CsvReader(std::unique_ptr<io::InputFile> file, std::string name,
                     const CsvReadOptions& options)
    : parser_(std::make_unique<Parser>(std::move(file), std::move(name), options)) {}

CsvReader::~CsvReader() = default;

Result<std::shared_ptr<arrow::RecordBatch>> CsvReader::Next() {
  return parser_->Next();
}

}  // namespace calve::landing
