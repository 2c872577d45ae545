#include "capture/copy_binary.h"

#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "core/far_timestamp.h"

namespace calve::capture {
namespace {

constexpr std::string_view kSignature = {"PGCOPY\n\377\r\n\0", 11};
constexpr size_t kEventColumns = 6;
constexpr size_t kColumns = kEventColumns + 1;

Error NotACopy(std::string_view what) {
  return Error{ErrorKind::kCorrupt,
               fmt::format("PostgreSQL sent no binary copy of events: {}", what)};
}

/// Reads big-endian numbers and texts off the front of a piece.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  std::optional<T> Take() {
    if (rest_.size() < sizeof(T)) {
      return std::nullopt;
    }
    std::make_unsigned_t<T> value = 0;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    if constexpr (sizeof(T) == 2) {
      value = __builtin_bswap16(value);
    } else if constexpr (sizeof(T) == 4) {
      value = __builtin_bswap32(value);
    } else {
      value = __builtin_bswap64(value);
    }
    return static_cast<T>(value);
  }

  std::optional<std::string_view> TakeBytes(size_t count) {
    if (rest_.size() < count) {
      return std::nullopt;
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

/// A column's bytes; null data for NULL.
using FieldBytes = std::string_view;

/// A 64-bit number; nullopt for NULL.
Result<std::optional<int64_t>> Number(FieldBytes field) {
  if (field.data() == nullptr) {
    return std::optional<int64_t>();
  }
  if (field.size() != sizeof(int64_t)) {
    return NotACopy(fmt::format("a number of {} bytes", field.size()));
  }
  return ByteReader(field).Take<int64_t>();
}

/// Collects rows of EventSchema().
class EventRows {
 public:
  EventRows()
      : timestamps_(EventSchema()->field(kTimestampColumn - kEventColumnsOffset)->type(),
                    arrow::default_memory_pool()) {}

  int64_t size() const { return ids_.length(); }

  Status Append(std::span<const FieldBytes> fields) {
    CALVE_ASSIGN(const auto id, Number(fields[0]));
    CALVE_TRY(FromArrow(id ? ids_.Append(*id) : ids_.AppendNull()));
    CALVE_ASSIGN(const auto time, Number(fields[2]));
    CALVE_TRY(FromArrow(time ? timestamps_.Append(FromPostgresTimestamp(*time).value)
                             : timestamps_.AppendNull()));
    constexpr std::array<size_t, 4> kTextFields = {1, 3, 4, 5};
    for (size_t i = 0; i < kTextFields.size(); ++i) {
      const FieldBytes text = fields[kTextFields[i]];
      CALVE_TRY(FromArrow(text.data() == nullptr ? texts_[i].AppendNull()
                                                 : texts_[i].Append(text)));
    }
    return {};
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Take() {
    const int64_t count = size();
    arrow::ArrayVector columns(kEventColumns);
    const std::array<arrow::ArrayBuilder*, kEventColumns> builders = {
        &ids_, &texts_[0], &timestamps_, &texts_[1], &texts_[2], &texts_[3]};
    for (size_t i = 0; i < builders.size(); ++i) {
      CALVE_TRY(FromArrow(builders[i]->Finish(&columns[i])));
    }
    return arrow::RecordBatch::Make(EventSchema(), count, std::move(columns));
  }

 private:
  arrow::Int64Builder ids_;
  arrow::TimestampBuilder timestamps_;
  std::array<arrow::StringBuilder, 4> texts_;
};

}  // namespace

class CopyBinaryDecoder::Decoder {
 public:
  Status Append(std::string_view piece) {
    // The server sends whole rows, so a piece is seldom cut and nothing is kept.
    if (kept_.empty()) {
      CALVE_ASSIGN(const size_t used, Decode(piece));
      kept_.assign(piece.substr(used));
      return {};
    }
    kept_.append(piece);
    CALVE_ASSIGN(const size_t used, Decode(kept_));
    kept_.erase(0, used);
    return {};
  }

  int64_t rows() const { return rows_.size(); }
  int64_t bytes() const { return bytes_; }

  Result<std::shared_ptr<arrow::RecordBatch>> TakeBatch() {
    bytes_ = 0;
    return rows_.Take();
  }

  Result<LargeRows> TakeLargeRows() {
    CALVE_ASSIGN(auto rows, large_rows_.Take());
    return LargeRows{std::move(rows), std::exchange(large_row_sql_, {})};
  }

  Status Finish() const {
    if (!ended_ || !kept_.empty()) {
      return NotACopy("it ended early");
    }
    return {};
  }

 private:
  /// Decodes the whole rows at the front of `bytes`. \return how many bytes they take
  Result<size_t> Decode(std::string_view bytes) {
    size_t used = 0;
    if (!started_) {
      CALVE_ASSIGN(used, DecodeHeader(bytes));
      started_ = used > 0;
      if (!started_) {
        return size_t{0};
      }
    }
    while (used < bytes.size()) {
      CALVE_ASSIGN(const size_t row, DecodeRow(bytes.substr(used)));
      if (row == 0) {
        break;
      }
      used += row;
    }
    return used;
  }

  /// \return the header's length; 0 if it is not all there yet
  static Result<size_t> DecodeHeader(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto signature = reader.TakeBytes(kSignature.size());
    if (!signature) {
      return size_t{0};
    }
    if (*signature != kSignature) {
      return NotACopy("its signature is another");
    }
    const auto flags = reader.Take<int32_t>();
    const auto extension = reader.Take<int32_t>();
    if (!flags || !extension) {
      return size_t{0};
    }
    if (*flags != 0 || *extension < 0) {
      return NotACopy("its flags are unknown");
    }
    return reader.TakeBytes(static_cast<size_t>(*extension))
               ? bytes.size() - reader.left()
               : size_t{0};
  }

  /// \return the row's length; 0 if it is not all there yet
  Result<size_t> DecodeRow(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto columns = reader.Take<int16_t>();
    if (!columns) {
      return size_t{0};
    }
    if (ended_) {
      return NotACopy("rows behind its end");
    }
    if (*columns == -1) {
      ended_ = true;
      return bytes.size() - reader.left();
    }
    if (static_cast<size_t>(*columns) != kColumns) {
      return NotACopy(fmt::format("a row of {} columns", *columns));
    }
    std::array<FieldBytes, kColumns> fields;
    for (FieldBytes& field : fields) {
      const auto size = reader.Take<int32_t>();
      if (!size) {
        return size_t{0};
      }
      if (*size < -1) {
        return NotACopy("a negative length");
      }
      const auto text = reader.TakeBytes(*size == -1 ? 0 : static_cast<size_t>(*size));
      if (!text) {
        return size_t{0};
      }
      field = *size == -1 ? FieldBytes() : *text;
    }
    const size_t length = bytes.size() - reader.left();
    const std::span event = std::span(fields).first<kEventColumns>();
    if (const FieldBytes row_sql = fields.back(); row_sql.data() != nullptr) {
      CALVE_TRY(large_rows_.Append(event));
      large_row_sql_.emplace_back(row_sql);
      return length;
    }
    CALVE_TRY(rows_.Append(event));
    bytes_ += static_cast<int64_t>(length);
    return length;
  }

  EventRows rows_;
  EventRows large_rows_;
  std::vector<std::string> large_row_sql_;
  std::string kept_;  // of a row that was cut
  int64_t bytes_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

CopyBinaryDecoder::CopyBinaryDecoder() : decoder_(std::make_unique<Decoder>()) {}
CopyBinaryDecoder::~CopyBinaryDecoder() = default;

Status CopyBinaryDecoder::Append(std::string_view piece) {
  return decoder_->Append(piece);
}

int64_t CopyBinaryDecoder::rows() const {
  return decoder_->rows();
}

int64_t CopyBinaryDecoder::bytes() const {
  return decoder_->bytes();
}

Result<std::shared_ptr<arrow::RecordBatch>> CopyBinaryDecoder::TakeBatch() {
  return decoder_->TakeBatch();
}

Result<LargeRows> CopyBinaryDecoder::TakeLargeRows() {
  return decoder_->TakeLargeRows();
}

Status CopyBinaryDecoder::Finish() const {
  return decoder_->Finish();
}

}  // namespace calve::capture
