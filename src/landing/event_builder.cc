#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "core/far_timestamp.h"
#include "core/time_units.h"
#include "core/unfit_event.h"
#include "landing/event_builder_internal.h"

namespace calve::landing {
namespace {

constexpr size_t kDateBytes = 10;
constexpr size_t kSecondsEnd = 19;  // of `2024-01-31 23:59:59`
constexpr std::string_view kNoMemory = "no memory for it";

/// The number in two digits, or -1.
int TwoDigits(const char* p) {
  const int tens = p[0] - '0';
  const int ones = p[1] - '0';
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/// The microseconds of `.f` to `.ffffff`, or of nothing; -1 if it is neither.
int64_t FractionMicros(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  if (text.front() != '.' || text.size() < 2 || text.size() > 7) {
    return -1;
  }
  int64_t micros = 0;
  for (size_t i = 1; i < 7; ++i) {
    const int digit = i < text.size() ? text[i] - '0' : 0;
    if (digit < 0 || digit > 9) {
      return -1;
    }
    micros = micros * 10 + digit;
  }
  return micros;
}

/// The time of day of `23:59:59.5+00`, or -1 if it is written another way.
int64_t TimeOfDayMicros(std::string_view text) {
  constexpr size_t kClockBytes = 8;
  const int hours = TwoDigits(text.data());
  const int minutes = TwoDigits(text.data() + 3);
  const int seconds = TwoDigits(text.data() + 6);
  if (text[2] != ':' || text[5] != ':' || hours < 0 || hours > 23 || minutes < 0 ||
      minutes > 59 || seconds < 0 || seconds > 59) {
    return -1;
  }
  const int64_t micros =
      FractionMicros(text.substr(kClockBytes, text.size() - kClockBytes - 3));
  return micros < 0 ? -1
                    : ((hours * 60 + minutes) * 60 + seconds) * kMicrosPerSecond + micros;
}

/// The beginning of a text, for a message: one line of UTF-8.
std::string OneLine(std::string_view text) {
  constexpr size_t kMaxBytes = 60;
  std::string line = EscapeInvalidUtf8(text.substr(0, kMaxBytes));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return fmt::format("`{}{}`", line, text.size() > kMaxBytes ? "…" : "");
}

}  // namespace

std::optional<TimestampUs> TimestampReader::Read(std::string_view text) {
  if (text.size() >= kSecondsEnd + 3 && text[kDateBytes] == ' ' &&
      text.ends_with("+00")) {
    const int64_t time = TimeOfDayMicros(text.substr(kDateBytes + 1));
    if (time >= 0) {
      if (const auto midnight = Midnight(text.substr(0, kDateBytes))) {
        return TimestampUs{*midnight + time};
      }
    }
  }
  const auto parsed = ParseTimestamp(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

/// The beginning of a date `YYYY-MM-DD`, UTC.
std::optional<int64_t> TimestampReader::Midnight(std::string_view date) {
  if (!std::equal(date.begin(), date.end(), cached_date_.begin())) {
    const auto parsed = ParseTimestamp(date);
    if (!parsed) {
      return std::nullopt;
    }
    std::copy(date.begin(), date.end(), cached_date_.begin());
    cached_midnight_ = parsed->value;
  }
  return cached_midnight_;
}

EventBuilder::EventBuilder()
    : timestamps_(EventSchema()->field(kTimestampColumn - kEventColumnsOffset)->type(),
                  arrow::default_memory_pool()) {}

std::optional<EventBuilder::Problem> EventBuilder::Append(const CsvRecord& record) {
  constexpr std::array kBuilders = {&EventBuilder::operations_, &EventBuilder::schemas_,
                                    &EventBuilder::tables_, &EventBuilder::payloads_};
  constexpr std::array kTextColumns = {kOperationColumn, kTableSchemaColumn,
                                       kTableNameColumn, kRawDataColumn};
  constexpr int kId = kEventIdColumn - kEventColumnsOffset;
  constexpr int kTimestamp = kTimestampColumn - kEventColumnsOffset;
  unfit_rule_ = nullptr;
  if (const auto what = AppendId(record.fields[kId])) {
    return Problem{kId, *what};
  }
  if (const auto what = AppendTimestamp(record.fields[kTimestamp])) {
    return Problem{kTimestamp, *what};
  }
  for (size_t i = 0; i < kBuilders.size(); ++i) {
    const int column = kTextColumns[i] - kEventColumnsOffset;
    const CsvField& field = record.fields[static_cast<size_t>(column)];
    if (const auto what = AppendText(column, field, this->*kBuilders[i])) {
      return Problem{column, *what};
    }
    bytes_ += static_cast<int64_t>(field.text.size());
  }
  bytes_ += 16;  // id and timestamp
  return std::nullopt;
}

std::optional<std::string_view> EventBuilder::AppendId(const CsvField& field) {
  if (field.is_null()) {
    return ids_.AppendNull().ok() ? std::nullopt : std::optional(kNoMemory);
  }
  int64_t id = 0;
  const char* end = field.text.data() + field.text.size();
  const auto [stop, error] = std::from_chars(field.text.data(), end, id);
  if (field.text.empty() || stop != end || error != std::errc()) {
    return "not a 64-bit whole number";
  }
  return ids_.Append(id).ok() ? std::nullopt : std::optional(kNoMemory);
}

std::optional<std::string_view> EventBuilder::AppendTimestamp(const CsvField& field) {
  if (field.is_null()) {
    return timestamps_.AppendNull().ok() ? std::nullopt : std::optional(kNoMemory);
  }
  const auto time = timestamp_reader_.Read(field.text);
  if (!time) {
    if (!IsFarTimestampText(field.text)) {
      NoteUnfit(kUnfitTimestamp, kTimestampColumn - kEventColumnsOffset,
                fmt::format("audit_timestamp is no time: {}", OneLine(field.text)));
    }
    return timestamps_.AppendNull().ok() ? std::nullopt : std::optional(kNoMemory);
  }
  return timestamps_.Append(time->value).ok() ? std::nullopt : std::optional(kNoMemory);
}

void EventBuilder::NoteUnfit(const char* rule, int column, std::string reason) {
  if (unfit_rule_ == nullptr) {
    unfit_rule_ = rule;
    unfit_column_ = column;
    unfit_reason_ = std::move(reason);
  }
}

/// The payload comes last, so that it can carry the mark.
std::optional<std::string_view> EventBuilder::AppendText(int column,
                                                         const CsvField& field,
                                                         arrow::StringBuilder& builder) {
  const bool valid = arrow::util::ValidateUTF8(field.text);
  if (!valid) {
    NoteUnfit(kUnfitEncoding, column,
              fmt::format("{} is no UTF-8; bytes that are no character are written "
                          "\\xNN, backslashes doubled",
                          EventSchema()->field(column)->name()));
  }
  const bool marked = unfit_rule_ != nullptr && &builder == &payloads_;
  if (valid && !marked) {
    const auto appended =
        field.is_null() ? builder.AppendNull() : builder.Append(field.text);
    return appended.ok() ? std::nullopt : std::optional(kNoMemory);
  }
  std::string text = valid ? std::string(field.text) : EscapeInvalidUtf8(field.text);
  if (marked) {
    text = MarkUnfit(
        {unfit_rule_, EventSchema()->field(unfit_column_)->name(), unfit_reason_},
        field.is_null() ? std::nullopt : std::optional<std::string_view>(text));
  }
  return builder.Append(text).ok() ? std::nullopt : std::optional(kNoMemory);
}

Result<std::shared_ptr<arrow::RecordBatch>> EventBuilder::Finish() {
  const int64_t count = rows();
  arrow::ArrayVector columns(static_cast<size_t>(kCsvColumns));
  const std::array<arrow::ArrayBuilder*, kCsvColumns> builders = {
      &ids_, &operations_, &timestamps_, &schemas_, &tables_, &payloads_};
  for (size_t i = 0; i < builders.size(); ++i) {
    CALVE_TRY(FromArrow(builders[i]->Finish(&columns[i])));
  }
  bytes_ = 0;
  return arrow::RecordBatch::Make(EventSchema(), count, std::move(columns));
}

}  // namespace calve::landing
