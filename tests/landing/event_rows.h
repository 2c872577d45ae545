#pragma once

/// \file tests/landing/event_rows.h
/// Events as plain rows, so that tests can compare and print them.

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "core/event.h"
#include "io/object_store.h"

namespace calve::landing {

struct EventRow {
  int64_t id = 0;
  std::optional<std::string> operation;
  std::optional<int64_t> timestamp_us;
  std::optional<std::string> schema;
  std::optional<std::string> table;
  std::optional<std::string> payload;

  bool operator==(const EventRow&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const EventRow& row) {
  const auto text = [](const std::optional<std::string>& value) {
    return value ? "'" + *value + "'" : "NULL";
  };
  return out << '(' << row.id << ' ' << text(row.operation) << ' '
             << (row.timestamp_us ? std::to_string(*row.timestamp_us) : "NULL") << ' '
             << text(row.schema) << ' ' << text(row.table) << ' ' << text(row.payload)
             << ')';
}

inline std::shared_ptr<arrow::RecordBatch> ToBatch(const std::vector<EventRow>& rows) {
  arrow::Int64Builder ids;
  arrow::TimestampBuilder timestamps(EventSchema()->field(2)->type(),
                                     arrow::default_memory_pool());
  std::array<arrow::StringBuilder, 4> texts;
  for (const EventRow& row : rows) {
    (void)ids.Append(row.id);
    (void)(row.timestamp_us ? timestamps.Append(*row.timestamp_us)
                            : timestamps.AppendNull());
    const std::array values = {&row.operation, &row.schema, &row.table, &row.payload};
    for (size_t i = 0; i < values.size(); ++i) {
      (void)(*values[i] ? texts[i].Append(**values[i]) : texts[i].AppendNull());
    }
  }
  return arrow::RecordBatch::Make(
      EventSchema(), static_cast<int64_t>(rows.size()),
      {*ids.Finish(), *texts[0].Finish(), *timestamps.Finish(), *texts[1].Finish(),
       *texts[2].Finish(), *texts[3].Finish()});
}

inline void AddRows(const arrow::RecordBatch& batch, std::vector<EventRow>& rows) {
  const auto text = [&](int column, int64_t row) -> std::optional<std::string> {
    const auto& array = static_cast<const arrow::StringArray&>(*batch.column(column));
    return array.IsNull(row) ? std::nullopt : std::optional(array.GetString(row));
  };
  const auto& ids = static_cast<const arrow::Int64Array&>(*batch.column(0));
  const auto& times = static_cast<const arrow::TimestampArray&>(*batch.column(2));
  for (int64_t i = 0; i < batch.num_rows(); ++i) {
    rows.push_back({ids.Value(i), text(1, i),
                    times.IsNull(i) ? std::nullopt : std::optional(times.Value(i)),
                    text(3, i), text(4, i), text(5, i)});
  }
}

/// A file that is a text in memory.
class TextFile final : public io::InputFile {
 public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}

  uint64_t size_bytes() const override { return text_.size(); }

  Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
    if (offset >= text_.size()) {
      return size_t{0};
    }
    const size_t count = std::min<size_t>(into.size(), text_.size() - offset);
    std::memcpy(into.data(), text_.data() + offset, count);
    return count;
  }

 private:
  std::string text_;
};

}  // namespace calve::landing
