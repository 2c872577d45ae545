#include "table/data/arrow_literal.h"

#include <string>
#include <type_traits>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/decimal.h>

#include "core/arrow_status.h"
#include "table/schema/schema.h"

namespace calve::table {
namespace {

template <typename ArrayType>
auto ValueOf(const arrow::Array& array, int64_t row) {
  return arrow::internal::checked_cast<const ArrayType&>(array).Value(row);
}

Decimal DecimalOf(const arrow::Array& array, int64_t row) {
  const auto& decimals =
      arrow::internal::checked_cast<const arrow::Decimal128Array&>(array);
  const arrow::Decimal128 value(decimals.GetValue(row));
  const Int128 high = value.high_bits();
  return {.unscaled = (high << 64) | static_cast<Int128>(value.low_bits())};
}

arrow::Decimal128 ToArrowDecimal(const Decimal& value) {
  return {static_cast<int64_t>(value.unscaled >> 64),
          static_cast<uint64_t>(value.unscaled)};
}

}  // namespace

std::optional<Literal> LiteralAt(const arrow::Array& array, const Type& type,
                                 int64_t row) {
  if (array.IsNull(row)) {
    return std::nullopt;
  }
  switch (type.id) {
    case TypeId::kBoolean:
      return ValueOf<arrow::BooleanArray>(array, row);
    case TypeId::kInt:
      return ValueOf<arrow::Int32Array>(array, row);
    case TypeId::kDate:
      return ValueOf<arrow::Date32Array>(array, row);
    case TypeId::kLong:
      return ValueOf<arrow::Int64Array>(array, row);
    case TypeId::kTime:
      return ValueOf<arrow::Time64Array>(array, row);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return ValueOf<arrow::TimestampArray>(array, row);
    case TypeId::kFloat:
      return ValueOf<arrow::FloatArray>(array, row);
    case TypeId::kDouble:
      return ValueOf<arrow::DoubleArray>(array, row);
    case TypeId::kDecimal:
      return DecimalOf(array, row);
    case TypeId::kString:
    case TypeId::kBinary:
      return std::string(
          arrow::internal::checked_cast<const arrow::BinaryArray&>(array).GetView(row));
    case TypeId::kUuid:
    case TypeId::kFixed:
      return std::string(
          arrow::internal::checked_cast<const arrow::FixedSizeBinaryArray&>(array)
              .GetView(row));
    default:
      return std::nullopt;
  }
}

Result<std::shared_ptr<arrow::Array>> Repeated(const Type& type, const Literal& literal,
                                               int64_t rows) {
  Field field;
  field.type = type;
  const auto arrow_type = ToArrow(field)->type();
  const auto scalar = std::visit(
      [&](const auto& value) {
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return arrow::MakeScalar(arrow_type, arrow::Buffer::FromString(value));
        } else if constexpr (std::is_same_v<Value, Decimal>) {
          return arrow::MakeScalar(arrow_type, ToArrowDecimal(value));
        } else {
          return arrow::MakeScalar(arrow_type, value);
        }
      },
      literal);
  CALVE_ASSIGN(const auto one, calve::FromArrow(scalar));
  return calve::FromArrow(arrow::MakeArrayFromScalar(*one, rows));
}

std::optional<ValueBytes> ValueBytes::Of(const arrow::Array& array) {
  const arrow::ArrayData& data = *array.data();
  ValueBytes view;
  if (data.type->id() == arrow::Type::STRING || data.type->id() == arrow::Type::BINARY) {
    view.offsets_ = data.GetValues<int32_t>(1);
    view.values_ = data.GetValues<char>(2, /*absolute_offset=*/0);
    return view;
  }
  const int bits = arrow::is_fixed_width(data.type->id()) ? data.type->bit_width() : 0;
  if (bits == 0 || bits % 8 != 0 || data.buffers.size() != 2) {
    return std::nullopt;
  }
  view.width_bytes_ = bits / 8;
  view.values_ = data.GetValues<char>(1, data.offset * view.width_bytes_);
  return view;
}

std::string_view ValueBytes::At(int64_t row) const {
  if (offsets_ == nullptr) {
    return {values_ + row * width_bytes_, static_cast<size_t>(width_bytes_)};
  }
  return {values_ + offsets_[row],
          static_cast<size_t>(offsets_[row + 1] - offsets_[row])};
}

}  // namespace calve::table
