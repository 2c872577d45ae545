#include "table/data/parquet_literal.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <string>

#include <parquet/statistics.h>
#include <parquet/types.h>

#include "table/schema/decimal_text.h"

namespace calve::table {
namespace {

template <typename Number>
std::optional<Number> NumberOf(std::string_view plain) {
  if (plain.size() != sizeof(Number)) {
    return std::nullopt;
  }
  Number number;  // Parquet's PLAIN encoding is little endian, as are our machines.
  std::memcpy(&number, plain.data(), sizeof(Number));
  return number;
}

std::optional<int64_t> IntegerOf(parquet::Type::type physical, std::string_view plain) {
  if (physical == parquet::Type::INT64) {
    return NumberOf<int64_t>(plain);
  }
  const std::optional<int32_t> narrow = NumberOf<int32_t>(plain);
  return narrow ? std::optional<int64_t>(*narrow) : std::nullopt;
}

std::optional<double> FloatOf(parquet::Type::type physical, std::string_view plain) {
  if (physical == parquet::Type::DOUBLE) {
    return NumberOf<double>(plain);
  }
  const std::optional<float> narrow = NumberOf<float>(plain);
  return narrow ? std::optional<double>(*narrow) : std::nullopt;
}

bool IsInteger(parquet::Type::type physical) {
  return physical == parquet::Type::INT32 || physical == parquet::Type::INT64;
}

bool IsFloat(parquet::Type::type physical) {
  return physical == parquet::Type::FLOAT || physical == parquet::Type::DOUBLE;
}

bool IsBytes(parquet::Type::type physical) {
  return physical == parquet::Type::BYTE_ARRAY ||
         physical == parquet::Type::FIXED_LEN_BYTE_ARRAY;
}

bool IsPlainInteger(const parquet::LogicalType& logical) {
  if (logical.is_int()) {
    return static_cast<const parquet::IntLogicalType&>(logical).is_signed();
  }
  return logical.is_none();
}

bool IsMicros(const parquet::LogicalType& logical) {
  if (logical.is_timestamp()) {
    return static_cast<const parquet::TimestampLogicalType&>(logical).time_unit() ==
           parquet::LogicalType::TimeUnit::MICROS;
  }
  return logical.is_time() &&
         static_cast<const parquet::TimeLogicalType&>(logical).time_unit() ==
             parquet::LogicalType::TimeUnit::MICROS;
}

/// Whether the file's values, read as numbers or bytes, are the table's in the same
/// order.
bool Comparable(const parquet::ColumnDescriptor& column, const Type& type) {
  const parquet::Type::type physical = column.physical_type();
  const parquet::LogicalType& logical = *column.logical_type();
  switch (type.id) {
    case TypeId::kBoolean:
      return physical == parquet::Type::BOOLEAN;
    case TypeId::kInt:
      return physical == parquet::Type::INT32 && IsPlainInteger(logical);
    case TypeId::kLong:
      return IsInteger(physical) && IsPlainInteger(logical);
    case TypeId::kDate:
      return physical == parquet::Type::INT32 && logical.is_date();
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return physical == parquet::Type::INT64 && IsMicros(logical);
    case TypeId::kFloat:
      return physical == parquet::Type::FLOAT;
    case TypeId::kDouble:
      return IsFloat(physical);
    case TypeId::kDecimal:
      return logical.is_decimal() && column.type_scale() == type.scale;
    case TypeId::kString:
      return physical == parquet::Type::BYTE_ARRAY;
    case TypeId::kBinary:
      return physical == parquet::Type::BYTE_ARRAY && !logical.is_decimal();
    case TypeId::kUuid:
    case TypeId::kFixed:
      return physical == parquet::Type::FIXED_LEN_BYTE_ARRAY && !logical.is_decimal();
    default:
      return false;
  }
}

std::optional<Literal> FloatLiteral(const Type& type, parquet::Type::type physical,
                                    std::string_view plain) {
  const std::optional<double> number = FloatOf(physical, plain);
  if (!number || std::isnan(*number)) {
    return std::nullopt;
  }
  if (type.id == TypeId::kFloat) {
    return static_cast<float>(*number);
  }
  return *number;
}

std::optional<Literal> IntegerLiteral(const Type& type, parquet::Type::type physical,
                                      std::string_view plain) {
  const std::optional<int64_t> number = IntegerOf(physical, plain);
  if (!number) {
    return std::nullopt;
  }
  if (type.id == TypeId::kDecimal) {
    return Decimal{.unscaled = *number};
  }
  if (type.id == TypeId::kInt || type.id == TypeId::kDate) {
    return static_cast<int32_t>(*number);
  }
  return *number;
}

/// Requires: Comparable.
std::optional<Literal> LiteralOf(const parquet::ColumnDescriptor& column,
                                 const Type& type, std::string_view plain) {
  const parquet::Type::type physical = column.physical_type();
  if (IsFloat(physical)) {
    return FloatLiteral(type, physical, plain);
  }
  if (IsInteger(physical)) {
    return IntegerLiteral(type, physical, plain);
  }
  if (physical == parquet::Type::BOOLEAN) {
    return plain.size() == 1 ? std::optional<Literal>(plain.front() != 0) : std::nullopt;
  }
  if (!IsBytes(physical)) {
    return std::nullopt;
  }
  if (type.id == TypeId::kDecimal) {
    return DecimalFromBytes(plain);
  }
  return std::string(plain);
}

}  // namespace

ChunkBounds BoundsOf(const parquet::ColumnChunkMetaData& chunk,
                     const parquet::ColumnDescriptor& column, const Type& type) {
  ChunkBounds bounds;
  if (!chunk.is_stats_set()) {
    return bounds;
  }
  const std::shared_ptr<parquet::Statistics> statistics = chunk.statistics();
  if (statistics == nullptr) {
    return bounds;
  }
  if (statistics->HasNullCount()) {
    bounds.null_count = statistics->null_count();
  }
  if (statistics->HasMinMax() && Comparable(column, type)) {
    bounds.lower = LiteralOf(column, type, statistics->EncodeMin());
    bounds.upper = LiteralOf(column, type, statistics->EncodeMax());
  }
  return bounds;
}

}  // namespace calve::table
