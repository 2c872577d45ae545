#include "generate/event_csv_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace calve::generate {
namespace {

constexpr std::array<std::string_view, 4> kAuditColumns = {
    "audit_operation", "audit_timestamp", "schema", "table"};

}  // namespace

Result<EventCsvReader> EventCsvReader::Make(std::string name, ByteSource source) {
  EventCsvReader reader(CsvReader(std::move(name), std::move(source)));
  CALVE_TRY(reader.ReadHeader());
  return reader;
}

Status EventCsvReader::ReadHeader() {
  CALVE_ASSIGN(const bool found, csv_.Next(fields_));
  if (!found) {
    return csv_.Corrupt("no header");
  }
  for (size_t i = 0; i < kAuditColumns.size(); ++i) {
    const auto column = std::find(fields_.begin(), fields_.end(), kAuditColumns[i]);
    if (column == fields_.end()) {
      return csv_.Corrupt(fmt::format("no column '{}'", kAuditColumns[i]));
    }
    audit_positions_[i] = static_cast<size_t>(column - fields_.begin());
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    const Field& name = fields_[i];
    if (!name || std::count(fields_.begin(), fields_.end(), name) != 1) {
      return csv_.Corrupt("a column without a name of its own");
    }
    if (std::count(audit_positions_.begin(), audit_positions_.end(), i) == 0) {
      payload_positions_.push_back(i);
      payload_columns_.emplace_back(*name);
    }
  }
  payload_.resize(payload_positions_.size());
  return {};
}

Result<bool> EventCsvReader::Next(EventRecord& record) {
  CALVE_ASSIGN(const bool found, csv_.Next(fields_));
  if (!found) {
    return false;
  }
  const size_t columns = audit_positions_.size() + payload_positions_.size();
  if (fields_.size() != columns) {
    return csv_.Corrupt(fmt::format("{} fields, not {},", fields_.size(), columns));
  }
  for (size_t i = 0; i < payload_positions_.size(); ++i) {
    payload_[i] = fields_[payload_positions_[i]];
  }
  record = {.operation = fields_[audit_positions_[0]],
            .timestamp = fields_[audit_positions_[1]],
            .table_schema = fields_[audit_positions_[2]],
            .table_name = fields_[audit_positions_[3]],
            .payload = payload_};
  return true;
}

}  // namespace calve::generate
