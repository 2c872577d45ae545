#pragma once

/// \file generate/event_files.h
/// Event files in memory, for the tests of this room.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "generate/event_csv_reader.h"
#include "generate/event_csv_writer.h"
#include "generate/generator.h"

namespace calve::generate {

/// A source of `text` in pieces of at most `piece` bytes.
inline ByteSource SourceOf(std::string text, size_t piece = 1 << 20) {
  return [text = std::move(text), piece,
          position = size_t{0}](std::span<char> buffer) mutable -> Result<size_t> {
    const size_t bytes = std::min({piece, buffer.size(), text.size() - position});
    text.copy(buffer.data(), bytes, position);
    position += bytes;
    return bytes;
  };
}

/// A record that owns its fields: the four audit columns, then the payload.
using OwnedRecord = std::vector<std::optional<std::string>>;

inline OwnedRecord Own(const EventRecord& record) {
  OwnedRecord owned;
  for (const Field& field :
       {record.operation, record.timestamp, record.table_schema, record.table_name}) {
    owned.emplace_back(field);
  }
  for (const Field& field : record.payload) {
    owned.emplace_back(field);
  }
  return owned;
}

/// The file that GenerateOrders makes.
inline Result<std::string> GenerateFile(const GenerateOptions& options,
                                        EarlierOrders earlier = {}) {
  std::string text;
  EventCsvWriter writer(OrderColumns(options.drift_columns),
                        [&text](std::string_view bytes) {
                          text += bytes;
                          return Status();
                        });
  CALVE_TRY(GenerateOrders(
      options, std::move(earlier),
      [&writer](const EventRecord& record) { return writer.Write(record); }));
  CALVE_TRY(writer.Finish());
  return text;
}

/// The events that GenerateOrders makes.
inline Result<std::vector<OwnedRecord>> GenerateRecords(const GenerateOptions& options,
                                                        EarlierOrders earlier = {}) {
  std::vector<OwnedRecord> records;
  CALVE_TRY(
      GenerateOrders(options, std::move(earlier), [&records](const EventRecord& record) {
        records.push_back(Own(record));
        return Status();
      }));
  return records;
}

}  // namespace calve::generate
