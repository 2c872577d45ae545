#include "generate/event_csv_writer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace calve::generate {
namespace {

constexpr size_t kBufferBytes = 256UL * 1024;

constexpr std::array<bool, 256> MakeSpecials() {
  std::array<bool, 256> specials{};
  for (const char c : {',', '"', '\n', '\r'}) {
    specials[static_cast<unsigned char>(c)] = true;
  }
  return specials;
}

/// Whether a byte makes quotes necessary.
constexpr std::array<bool, 256> kSpecials = MakeSpecials();

bool NeedsQuotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
           return kSpecials[static_cast<unsigned char>(c)];
         });
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (size_t quote = text.find('"'); quote != std::string_view::npos;
       quote = text.find('"')) {
    out += text.substr(0, quote + 1);
    out += '"';
    text.remove_prefix(quote + 1);
  }
  out += text;
  out += '"';
}

}  // namespace

EventCsvWriter::EventCsvWriter(std::span<const std::string> payload_columns,
                               ByteSink sink)
    : sink_(std::move(sink)), buffer_("audit_operation,audit_timestamp,schema,table") {
  for (const std::string& column : payload_columns) {
    buffer_ += ',';
    AppendField(column);
  }
  buffer_ += '\n';
}

Status EventCsvWriter::Write(const EventRecord& record) {
  AppendField(record.operation);
  for (const Field& field : {record.timestamp, record.table_schema, record.table_name}) {
    buffer_ += ',';
    AppendField(field);
  }
  for (const Field& field : record.payload) {
    buffer_ += ',';
    AppendField(field);
  }
  buffer_ += '\n';
  return buffer_.size() < kBufferBytes ? Status() : Flush();
}

Status EventCsvWriter::Finish() {
  return Flush();
}

void EventCsvWriter::AppendField(const Field& field) {
  if (!field) {
    return;
  }
  if (NeedsQuotes(*field)) {
    AppendQuoted(*field, buffer_);
  } else {
    buffer_ += *field;
  }
}

Status EventCsvWriter::Flush() {
  CALVE_TRY(sink_(buffer_));
  buffer_.clear();
  return {};
}

}  // namespace calve::generate
