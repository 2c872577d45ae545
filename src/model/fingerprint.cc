#include <bit>
#include <cstring>
#include <string_view>

#include <arrow/api.h>

#include "core/event.h"
#include "model/fingerprint_internal.h"

namespace calve::model {
namespace {

__extension__ using Uint128 = unsigned __int128;

/// Absorbs words into two lanes that mix in unlike ways, so that a collision in one is
/// none in the other. Not for secrets: whoever writes the source may forge a fingerprint.
class Mixer {
 public:
  void AddWord(uint64_t word) {
    first_ = Fold(first_ ^ word, kFirstFactor) + kFirstStep;
    second_ = std::rotl(second_ ^ word, 29) * kSecondFactor + kSecondStep;
  }

  void AddBytes(std::string_view bytes) {
    AddWord(bytes.size());
    for (; bytes.size() >= sizeof(uint64_t); bytes.remove_prefix(sizeof(uint64_t))) {
      AddWord(Load(bytes.data(), sizeof(uint64_t)));
    }
    if (!bytes.empty()) {
      AddWord(Load(bytes.data(), bytes.size()));
    }
  }

  Fingerprint Finish() const {
    const uint64_t first = Fold(first_ ^ std::rotl(second_, 32), kSecondFactor);
    const uint64_t second = Fold(second_ ^ first_, kFirstFactor);
    return {first, second};
  }

 private:
  // Odd constants without pattern: the first digits of pi and e.
  static constexpr uint64_t kFirstFactor = 0x243F6A8885A308D3;
  static constexpr uint64_t kFirstStep = 0x13198A2E03707345;
  static constexpr uint64_t kSecondFactor = 0xB7E151628AED2A6B;
  static constexpr uint64_t kSecondStep = 0x9E3779B97F4A7C15;

  static uint64_t Fold(uint64_t a, uint64_t b) {
    const Uint128 product = static_cast<Uint128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  static uint64_t Load(const char* bytes, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, size);
    return word;
  }

  uint64_t first_ = kSecondStep;
  uint64_t second_ = kFirstStep;
};

constexpr uint64_t kNull = 0;
constexpr uint64_t kValue = 1;

void AddText(const arrow::RecordBatch& batch, int column, int64_t row, Mixer& mixer) {
  const auto& texts = static_cast<const arrow::StringArray&>(*batch.column(column));
  if (texts.IsNull(row)) {
    mixer.AddWord(kNull);
    return;
  }
  mixer.AddWord(kValue);
  mixer.AddBytes(texts.GetView(row));
}

template <typename ArrayType>
void AddInteger(const arrow::RecordBatch& batch, int column, int64_t row, Mixer& mixer) {
  const auto& values = static_cast<const ArrayType&>(*batch.column(column));
  mixer.AddWord(values.IsNull(row) ? kNull : kValue);
  mixer.AddWord(values.IsNull(row) ? 0 : static_cast<uint64_t>(values.Value(row)));
}

}  // namespace

RowFingerprints::RowFingerprints(const arrow::RecordBatch& landed) : landed_(landed) {}

Fingerprint RowFingerprints::Of(int64_t row) const {
  Mixer mixer;
  AddInteger<arrow::Int64Array>(landed_, kEventIdColumn, row, mixer);
  AddInteger<arrow::TimestampArray>(landed_, kTimestampColumn, row, mixer);
  for (const int column :
       {kOperationColumn, kTableSchemaColumn, kTableNameColumn, kRawDataColumn}) {
    AddText(landed_, column, row, mixer);
  }
  return mixer.Finish();
}

Fingerprint FingerprintOf(std::string_view bytes) {
  Mixer mixer;
  mixer.AddBytes(bytes);
  return mixer.Finish();
}

std::vector<Fingerprint> Fingerprints(const arrow::RecordBatch& landed) {
  const RowFingerprints prints(landed);
  std::vector<Fingerprint> all;
  all.reserve(static_cast<size_t>(landed.num_rows()));
  for (int64_t row = 0; row < landed.num_rows(); ++row) {
    all.push_back(prints.Of(row));
  }
  return all;
}

}  // namespace calve::model
