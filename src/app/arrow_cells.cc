#include "app/arrow_cells.h"

#include <charconv>
#include <limits>

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "core/time_units.h"
#include "core/timestamp.h"

namespace calve::app {
namespace {

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string DateText(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  return fmt::format("{:04d}-{:02d}-{:02d}", date.year, date.month, date.day);
}

template <typename ArrayType>
auto ValueAt(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).Value(row);
}

template <typename ArrayType>
std::string ViewAt(const arrow::Array& array, int64_t row) {
  return std::string(static_cast<const ArrayType&>(array).GetView(row));
}

/// A moment with its offset where the type has one.
std::string TimestampText(const arrow::Array& array, int64_t row) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  std::string text = FormatIsoTimestamp({ValueAt<arrow::TimestampArray>(array, row)});
  if (type.timezone().empty()) {
    text.pop_back();  // Z
  }
  return text;
}

/// Any other type, as Arrow prints it.
std::string ScalarText(const arrow::Array& array, int64_t row) {
  auto scalar = array.GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : std::string("?");
}

template <typename Integer>
Result<table::Literal> ParseWhole(const std::string& text) {
  Integer number{};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return Error{ErrorKind::kInvalidArgument, "is no whole number that fits the column"};
  }
  return table::Literal(number);
}

Result<table::Literal> ParseMoment(const std::string& text) {
  const auto moment = ParseTimestamp(text);
  if (!moment) {
    return Error{ErrorKind::kInvalidArgument, "is no time"};
  }
  return table::Literal(moment->value);
}

Result<table::Literal> ParseDay(const std::string& text) {
  const auto moment = ParseTimestamp(text);
  if (!moment || moment->value % kMicrosPerDay != 0) {
    return Error{ErrorKind::kInvalidArgument, "is no date"};
  }
  return table::Literal(static_cast<int32_t>(moment->value / kMicrosPerDay));
}

}  // namespace

Cell CellAt(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) {
    return {};
  }
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return ValueAt<arrow::BooleanArray>(array, row);
    case arrow::Type::INT32:
      return int64_t{ValueAt<arrow::Int32Array>(array, row)};
    case arrow::Type::INT64:
      return ValueAt<arrow::Int64Array>(array, row);
    case arrow::Type::FLOAT:
      return static_cast<double>(ValueAt<arrow::FloatArray>(array, row));
    case arrow::Type::DOUBLE:
      return ValueAt<arrow::DoubleArray>(array, row);
    case arrow::Type::STRING:
      return ViewAt<arrow::StringArray>(array, row);
    case arrow::Type::LARGE_STRING:
      return ViewAt<arrow::LargeStringArray>(array, row);
    case arrow::Type::DATE32:
      return DateText(ValueAt<arrow::Date32Array>(array, row));
    case arrow::Type::TIMESTAMP:
      return TimestampText(array, row);
    case arrow::Type::BINARY:
      return Hex(ViewAt<arrow::BinaryArray>(array, row));
    case arrow::Type::FIXED_SIZE_BINARY:
      return Hex(ViewAt<arrow::FixedSizeBinaryArray>(array, row));
    default:
      return ScalarText(array, row);
  }
}

Result<table::Literal> LiteralFromText(const table::Type& type, const std::string& text) {
  switch (type.id) {
    case table::TypeId::kInt:
      return ParseWhole<int32_t>(text);
    case table::TypeId::kLong:
      return ParseWhole<int64_t>(text);
    case table::TypeId::kString:
      return table::Literal(text);
    case table::TypeId::kTimestamp:
    case table::TypeId::kTimestamptz:
      return ParseMoment(text);
    case table::TypeId::kDate:
      return ParseDay(text);
    case table::TypeId::kBoolean:
      if (text == "true" || text == "false") {
        return table::Literal(text == "true");
      }
      return Error{ErrorKind::kInvalidArgument, "is neither true nor false"};
    default:
      return Error{ErrorKind::kUnsupported,
                   "stands for a column whose type cannot be looked up"};
  }
}

Cell CellOf(const table::Type& type, const table::Literal& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    return *flag;
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return *text;
  }
  if (const auto* small = std::get_if<int32_t>(&value)) {
    return type.id == table::TypeId::kDate ? Cell(DateText(*small)) : int64_t{*small};
  }
  const auto* number = std::get_if<int64_t>(&value);
  if (number == nullptr) {
    return {};
  }
  std::string moment = FormatIsoTimestamp({*number});
  if (type.id == table::TypeId::kTimestamp) {
    moment.pop_back();  // Z
    return moment;
  }
  return type.id == table::TypeId::kTimestamptz ? Cell(moment) : Cell(*number);
}

}  // namespace calve::app
