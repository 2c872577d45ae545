#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <arrow/api.h>

#include "core/arrow_status.h"
#include "model/cast_internal.h"
#include "model/payload_column_internal.h"

namespace calve::model {
namespace {

using contract::ColumnType;
using contract::TypeKind;

/// Casts of one type, and the builder that takes their values.
template <typename BuilderType, typename ValueType>
struct Plain {
  using Builder = BuilderType;
  using Value = ValueType;

  explicit Plain(std::optional<ValueType> (*function)(std::string_view))
      : cast(function) {}
  std::optional<ValueType> Cast(std::string_view text) const { return cast(text); }
  static ValueType ToBuilder(ValueType value) { return value; }

  std::optional<ValueType> (*cast)(std::string_view);
};

struct Decimal {
  using Builder = arrow::Decimal128Builder;
  using Value = Int128;

  explicit Decimal(const ColumnType& type)
      : precision(type.precision), scale(type.scale) {}
  std::optional<Int128> Cast(std::string_view text) const {
    return CastDecimal(text, precision, scale);
  }
  static arrow::Decimal128 ToBuilder(Int128 value) {
    return {static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value)};
  }

  int precision;
  int scale;
};

struct Varchar {
  using Builder = arrow::StringBuilder;
  using Value = std::string_view;

  static std::optional<std::string_view> Cast(std::string_view text) { return text; }
  static std::string_view ToBuilder(std::string_view value) { return value; }
};

template <typename Type>
class TypedColumn final : public PayloadColumn {
 public:
  TypedColumn(const contract::Column& column, Type type)
      : type_(std::move(type)),
        builder_(ArrowTypeOf(column.type), arrow::default_memory_pool()),
        accepted_texts_(column.accepted_values) {
    for (const std::string& text : accepted_texts_) {
      if (const auto value = type_.Cast(text)) {
        accepted_.push_back(*value);
      }
    }
  }

  Status Reserve(int64_t rows) { return FromArrow(builder_.Reserve(rows)); }

  bool Stage(std::string_view text) override {
    const auto value = type_.Cast(text);
    if (value) {
      staged_ = *value;
    }
    return value.has_value();
  }
  bool IsAccepted() const override {
    return accepted_texts_.empty() ||
           std::find(accepted_.begin(), accepted_.end(), staged_) != accepted_.end();
  }
  Status Append() override {
    return FromArrow(builder_.Append(Type::ToBuilder(staged_)));
  }
  Status AppendNull() override { return FromArrow(builder_.AppendNull()); }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    return FromArrow(builder_.Finish());
  }

 private:
  Type type_;
  typename Type::Builder builder_;
  std::vector<std::string> accepted_texts_;  // what accepted_ may view
  std::vector<typename Type::Value> accepted_;
  typename Type::Value staged_{};
};

template <typename Type>
Result<std::unique_ptr<PayloadColumn>> MakeTyped(const contract::Column& column,
                                                 int64_t rows, Type type) {
  auto made = std::make_unique<TypedColumn<Type>>(column, std::move(type));
  CALVE_TRY(made->Reserve(rows));
  return std::unique_ptr<PayloadColumn>(std::move(made));
}

}  // namespace

std::shared_ptr<arrow::DataType> ArrowTypeOf(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return arrow::boolean();
    case TypeKind::kInteger:
      return arrow::int32();
    case TypeKind::kBigint:
      return arrow::int64();
    case TypeKind::kReal:
      return arrow::float32();
    case TypeKind::kDouble:
      return arrow::float64();
    case TypeKind::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case TypeKind::kDate:
      return arrow::date32();
    case TypeKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeKind::kTimestampTz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeKind::kVarchar:
      return arrow::utf8();
  }
  return arrow::utf8();
}

Result<std::unique_ptr<PayloadColumn>> PayloadColumn::Make(const contract::Column& column,
                                                           int64_t rows) {
  switch (column.type.kind) {
    case TypeKind::kBoolean:
      return MakeTyped(column, rows, Plain<arrow::BooleanBuilder, bool>(CastBoolean));
    case TypeKind::kInteger:
      return MakeTyped(column, rows, Plain<arrow::Int32Builder, int32_t>(CastInteger));
    case TypeKind::kBigint:
      return MakeTyped(column, rows, Plain<arrow::Int64Builder, int64_t>(CastBigint));
    case TypeKind::kReal:
      return MakeTyped(column, rows, Plain<arrow::FloatBuilder, float>(CastReal));
    case TypeKind::kDouble:
      return MakeTyped(column, rows, Plain<arrow::DoubleBuilder, double>(CastDouble));
    case TypeKind::kDecimal:
      return MakeTyped(column, rows, Decimal(column.type));
    case TypeKind::kDate:
      return MakeTyped(column, rows, Plain<arrow::Date32Builder, int32_t>(CastDate));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return MakeTyped(column, rows,
                       Plain<arrow::TimestampBuilder, int64_t>(CastTimestamp));
    case TypeKind::kVarchar:
      return MakeTyped(column, rows, Varchar());
  }
  return Error{ErrorKind::kInternal, "no such column type"};
}

}  // namespace calve::model
