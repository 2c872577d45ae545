#include "model/key.h"

#include <cstring>
#include <memory>

#include <arrow/api.h>
#include <fmt/format.h>

namespace calve::model {
namespace {

/// Appends the eight bytes of `value`. Integers of every width are widened to it, so that
/// a promoted column has the keys it had before.
void AppendFixed(int64_t value, RowKey& key) {
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  key.append(bytes, sizeof(value));
}

/// Appends the values of a column to the keys; the first column starts them.
class ColumnEncoder {
 public:
  /// \param prefix_lengths  whether texts need their length before them, since another
  /// column stands beside this one
  ColumnEncoder(std::vector<RowKey>& keys, bool prefix_lengths)
      : keys_(keys), prefix_lengths_(prefix_lengths) {}

  /// Whether the column's type can be a key.
  bool Append(const arrow::Array& column) {
    switch (column.type_id()) {
      case arrow::Type::BOOL:
        AppendIntegers(static_cast<const arrow::BooleanArray&>(column));
        return true;
      case arrow::Type::INT32:
        AppendIntegers(static_cast<const arrow::Int32Array&>(column));
        return true;
      case arrow::Type::INT64:
        AppendIntegers(static_cast<const arrow::Int64Array&>(column));
        return true;
      case arrow::Type::DATE32:
        AppendIntegers(static_cast<const arrow::Date32Array&>(column));
        return true;
      case arrow::Type::TIMESTAMP:
        AppendIntegers(static_cast<const arrow::TimestampArray&>(column));
        return true;
      case arrow::Type::DECIMAL128:
        AppendBytes(static_cast<const arrow::FixedSizeBinaryArray&>(column),
                    /*prefix_length=*/false);
        return true;
      case arrow::Type::STRING:
        AppendBytes(static_cast<const arrow::StringArray&>(column), prefix_lengths_);
        return true;
      case arrow::Type::LARGE_STRING:
        AppendBytes(static_cast<const arrow::LargeStringArray&>(column), prefix_lengths_);
        return true;
      default:
        return false;
    }
  }

 private:
  template <typename ArrayType>
  void AppendIntegers(const ArrayType& column) {
    for (size_t row = 0; row < keys_.size(); ++row) {
      AppendFixed(static_cast<int64_t>(column.Value(static_cast<int64_t>(row))),
                  keys_[row]);
    }
  }

  template <typename ArrayType>
  void AppendBytes(const ArrayType& column, bool prefix_length) {
    for (size_t row = 0; row < keys_.size(); ++row) {
      const std::string_view bytes = column.GetView(static_cast<int64_t>(row));
      if (prefix_length) {
        AppendFixed(static_cast<int64_t>(bytes.size()), keys_[row]);
      }
      keys_[row].append(bytes);
    }
  }

  std::vector<RowKey>& keys_;  // Outlives this object.
  bool prefix_lengths_;
};

}  // namespace

Result<std::vector<RowKey>> EncodeKeys(const arrow::RecordBatch& rows,
                                       const std::vector<std::string>& key_columns) {
  std::vector<RowKey> keys(static_cast<size_t>(rows.num_rows()));
  ColumnEncoder encoder(keys, key_columns.size() > 1);
  for (const std::string& name : key_columns) {
    const std::shared_ptr<arrow::Array> column = rows.GetColumnByName(name);
    if (column == nullptr) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("key column {} is not among the rows' columns", name)};
    }
    if (column->null_count() > 0) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("key column {} is null in {} rows", name, column->null_count())};
    }
    if (!encoder.Append(*column)) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("key column {} is {}, which cannot be a key", name,
                               column->type()->ToString())};
    }
  }
  return keys;
}

bool Before(contract::EventOrder order, const EventPosition& a, const EventPosition& b) {
  if (order == contract::EventOrder::kTimestampThenId && a.time != b.time) {
    return a.time < b.time;
  }
  return a.event_id < b.event_id;
}

}  // namespace calve::model
