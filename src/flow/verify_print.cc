#include "flow/verify_print.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/hashing.h>
#include <fmt/format.h>

#include "flow/mart_rows.h"

namespace calve::flow {
namespace {

uint64_t HashBytes(std::string_view bytes) {
  return arrow::internal::ComputeStringHash<0>(bytes.data(),
                                               static_cast<int64_t>(bytes.size()));
}

/// Spreads a word over all bits (the finisher of SplitMix64).
uint64_t Spread(uint64_t word) {
  word += 0x9E3779B97F4A7C15;
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
  return word ^ (word >> 31);
}

/// A value's hash, that of the same value in another column apart; never NullCell().
uint64_t InColumn(uint64_t column_hash, uint64_t value_hash) {
  return Spread(column_hash ^ Spread(value_hash)) | 1;
}

uint64_t FloatBits(double value) {
  return std::bit_cast<uint64_t>(
      std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
}

/// Types of which tables of models have few, or none.
uint64_t HashOther(const arrow::Array& array, int64_t row) {
  const auto scalar = array.GetScalar(row);
  return HashBytes(scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString());
}

uint64_t HashValue(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row) ? 1 : 0;
    case arrow::Type::INT32:
      return static_cast<uint64_t>(
          int64_t{static_cast<const arrow::Int32Array&>(array).Value(row)});
    case arrow::Type::INT64:
      return static_cast<uint64_t>(
          static_cast<const arrow::Int64Array&>(array).Value(row));
    case arrow::Type::DATE32:
      return static_cast<uint64_t>(
          int64_t{static_cast<const arrow::Date32Array&>(array).Value(row)});
    case arrow::Type::TIMESTAMP:
      return static_cast<uint64_t>(
          static_cast<const arrow::TimestampArray&>(array).Value(row));
    case arrow::Type::FLOAT:
      return FloatBits(double{static_cast<const arrow::FloatArray&>(array).Value(row)});
    case arrow::Type::DOUBLE:
      return FloatBits(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::STRING:
      return HashBytes(static_cast<const arrow::StringArray&>(array).GetView(row));
    default:
      return HashOther(array, row);
  }
}

/// A text in quotes, so that no two lists of values read the same.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + '"';
}

std::string ValueText(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) {
    return "null";
  }
  switch (array.type_id()) {
    case arrow::Type::INT32:
      return std::to_string(static_cast<const arrow::Int32Array&>(array).Value(row));
    case arrow::Type::INT64:
      return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(row));
    case arrow::Type::STRING:
      return Quoted(static_cast<const arrow::StringArray&>(array).GetView(row));
    default: {
      const auto scalar = array.GetScalar(row);
      return scalar.ok() ? (*scalar)->ToString() : "?";
    }
  }
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A column of a batch and the cell that it goes into.
struct CellSource {
  const arrow::Array* array;
  uint64_t column_hash;
  size_t cell;
};

std::vector<CellSource> SourcesOf(const arrow::RecordBatch& batch,
                                  const PrintLayout& layout) {
  std::vector<CellSource> sources;
  for (int i = 0; i < batch.num_columns(); ++i) {
    const std::string& name = batch.schema()->field(i)->name();
    if (Contains(layout.left_out, name)) {
      continue;
    }
    const auto at = std::find(layout.columns.begin(), layout.columns.end(), name);
    sources.push_back({batch.column(i).get(), HashBytes(name),
                       static_cast<size_t>(at - layout.columns.begin())});
  }
  return sources;
}

void FillCells(const std::vector<CellSource>& sources, int64_t row,
               std::vector<uint64_t>& cells) {
  for (const CellSource& source : sources) {
    if (source.array->IsValid(row)) {
      cells[source.cell] += InColumn(source.column_hash, HashValue(*source.array, row));
    }
  }
}

}  // namespace

uint64_t Checksum(const RowPrint& print) {
  uint64_t sum = HashBytes(print.key) + Spread(static_cast<uint64_t>(print.event_id));
  for (size_t i = 0; i < print.cells.size(); ++i) {
    sum += print.cells[i] * (2 * i + 1);
  }
  return Spread(sum);
}

uint64_t NullCell() {
  return 0;
}

uint64_t IntegerCell(std::string_view column, int64_t value) {
  return InColumn(HashBytes(column), static_cast<uint64_t>(value));
}

uint64_t TextCell(std::string_view column, std::string_view value) {
  return InColumn(HashBytes(column), HashBytes(value));
}

std::string PrintLayout::CellName(size_t cell) const {
  return cell < columns.size() ? columns[cell] : "(columns that the table lacks)";
}

std::string KeyText(const arrow::RecordBatch& batch,
                    const std::vector<std::string>& columns, int64_t row) {
  std::string text;
  for (const std::string& name : columns) {
    const auto column = batch.GetColumnByName(name);
    text += text.empty() ? "" : ", ";
    text += name + "=" + (column == nullptr ? "null" : ValueText(*column, row));
  }
  return text;
}

Status PrintRows(const arrow::RecordBatch& batch, const PrintLayout& layout,
                 const std::function<Status(RowPrint& print, int64_t row)>& visit) {
  const auto ids = batch.GetColumnByName(kEventId);
  const auto times = batch.GetColumnByName(kEventTime);
  const std::vector<CellSource> sources = SourcesOf(batch, layout);
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    RowPrint print;
    print.cells.assign(layout.columns.size() + 1, NullCell());
    FillCells(sources, row, print.cells);
    if (ids != nullptr && ids->IsValid(row)) {
      print.event_id = static_cast<const arrow::Int64Array&>(*ids).Value(row);
    }
    if (times != nullptr && times->IsValid(row)) {
      print.time_us = static_cast<const arrow::TimestampArray&>(*times).Value(row);
    }
    if (!layout.key.empty()) {
      print.key = KeyText(batch, layout.key, row);
    }
    CALVE_TRY(visit(print, row));
  }
  return {};
}

}  // namespace calve::flow
