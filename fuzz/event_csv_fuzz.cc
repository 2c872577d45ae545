// Fuzzes the reader of event files: any bytes end in events or in a named error, the same
// ones however the bytes arrive.

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_input.h"
#include "generate/event_csv_reader.h"

namespace {

using calve::fuzz::Require;
using calve::generate::Field;

/// What a file gives: a line for each event, and the error at its end.
std::vector<std::string> ReadAll(std::string_view bytes, size_t chunk_bytes) {
  const auto source =
      [bytes, chunk_bytes](std::span<char> into) mutable -> calve::Result<size_t> {
    const size_t count = std::min({into.size(), bytes.size(), chunk_bytes});
    bytes.copy(into.data(), count);
    bytes.remove_prefix(count);
    return count;
  };
  std::vector<std::string> lines;
  const auto add = [&lines](const Field& field) {
    lines.back() += field ? "|" + std::string(*field) : "~";
  };
  auto reader = calve::generate::EventCsvReader::Make("fuzz", source);
  if (!reader) {
    return {reader.error().message};
  }
  calve::generate::EventRecord record;
  auto found = reader->Next(record);
  for (; found && *found; found = reader->Next(record)) {
    Require(record.payload.size() == reader->payload_columns().size(),
            "an event has the header's fields");
    lines.emplace_back();
    add(record.operation);
    add(record.timestamp);
    add(record.table_schema);
    add(record.table_name);
    std::for_each(record.payload.begin(), record.payload.end(), add);
  }
  if (!found) {
    lines.push_back(found.error().message);
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = calve::fuzz::TextOf(data, size);
  const auto whole = ReadAll(bytes, bytes.size() + 1);
  Require(ReadAll(bytes, 7) == whole, "it does not matter how bytes arrive");
  return 0;
}
