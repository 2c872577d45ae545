#include "model/row_check.h"

#include <algorithm>
#include <compare>
#include <optional>
#include <utility>
#include <variant>

#include <arrow/api.h>
#include <fmt/format.h>

#include "model/cast_internal.h"
#include "model/payload_column_internal.h"

namespace calve::model {
namespace {

using contract::Column;
using contract::CompareOp;
using contract::Condition;
using contract::TypeKind;

/// SQL's truth, so that AND is the least and OR the greatest.
enum class Truth : uint8_t { kFalse, kUnknown, kTrue };
using Truths = std::vector<Truth>;

/// A constant in the type of its column: booleans, integers, days and microseconds as
/// int64.
using Value = std::variant<int64_t, double, Int128, std::string>;

template <typename T>
std::optional<Value> AsValue(const std::optional<T>& value) {
  return value ? std::optional<Value>(Value(*value)) : std::nullopt;
}

std::optional<Value> AsInteger(const auto& value) {
  return value ? std::optional<Value>(Value(static_cast<int64_t>(*value))) : std::nullopt;
}

std::optional<Value> AsDouble(const auto& value) {
  return value ? std::optional<Value>(Value(static_cast<double>(*value))) : std::nullopt;
}

std::optional<Value> CastTo(const contract::ColumnType& type, const std::string& text) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return AsInteger(CastBoolean(text));
    case TypeKind::kInteger:
    case TypeKind::kBigint:  // An integer may be compared with what it cannot hold.
      return AsInteger(CastBigint(text));
    case TypeKind::kReal:
      return AsDouble(CastReal(text));
    case TypeKind::kDouble:
      return AsDouble(CastDouble(text));
    case TypeKind::kDecimal:
      return AsValue(CastDecimal(text, /*precision=*/38, type.scale));
    case TypeKind::kDate:
      return AsInteger(CastDate(text));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return AsInteger(CastTimestamp(text));
    case TypeKind::kVarchar:
      return Value(text);
  }
  return std::nullopt;
}

/// Whether rounding to the column's scale would change a constant.
bool LosesDigits(const contract::ColumnType& type, const std::string& text) {
  if (type.kind != TypeKind::kDecimal) {
    return false;
  }
  constexpr int kMostDigits = 38;
  for (int scale = type.scale; scale < kMostDigits; ++scale) {
    const auto exact = CastDecimal(text, kMostDigits, scale + 1);
    if (exact && *exact % 10 != 0) {
      return true;
    }
  }
  return false;
}

bool Holds(CompareOp op, std::partial_ordering order) {
  switch (op) {
    case CompareOp::kEqual:
      return order == 0;
    case CompareOp::kNotEqual:
      return order != 0;
    case CompareOp::kLess:
      return order < 0;
    case CompareOp::kLessOrEqual:
      return order <= 0;
    case CompareOp::kGreater:
      return order > 0;
    case CompareOp::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

/// Compares every row with a constant. \param value_at  the value of a row
template <typename Constant, typename ValueAt>
void CompareRows(const arrow::Array& column, CompareOp op, const Constant& constant,
                 ValueAt value_at, Truths& truths) {
  for (int64_t row = 0; row < column.length(); ++row) {
    Truth& truth = truths[static_cast<size_t>(row)];
    if (column.IsNull(row)) {
      truth = Truth::kUnknown;
    } else {
      const std::partial_ordering order = value_at(row) <=> constant;
      truth = Holds(op, order) ? Truth::kTrue : Truth::kFalse;
    }
  }
}

template <typename ArrayType, typename As, typename Constant>
void CompareAs(const arrow::Array& column, CompareOp op, const Constant& constant,
               Truths& truths) {
  const auto& values = static_cast<const ArrayType&>(column);
  CompareRows(
      column, op, constant,
      [&](int64_t row) { return static_cast<As>(values.Value(row)); }, truths);
}

Int128 DecimalAt(const arrow::Decimal128Array& values, int64_t row) {
  const arrow::Decimal128 value(values.GetValue(row));
  return static_cast<Int128>(value.high_bits()) * (static_cast<Int128>(1) << 64) +
         static_cast<Int128>(value.low_bits());
}

void Compare(const arrow::Array& column, CompareOp op, const Value& constant,
             Truths& truths) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return CompareAs<arrow::BooleanArray, int64_t>(column, op,
                                                     std::get<int64_t>(constant), truths);
    case arrow::Type::INT32:
      return CompareAs<arrow::Int32Array, int64_t>(column, op,
                                                   std::get<int64_t>(constant), truths);
    case arrow::Type::INT64:
      return CompareAs<arrow::Int64Array, int64_t>(column, op,
                                                   std::get<int64_t>(constant), truths);
    case arrow::Type::DATE32:
      return CompareAs<arrow::Date32Array, int64_t>(column, op,
                                                    std::get<int64_t>(constant), truths);
    case arrow::Type::TIMESTAMP:
      return CompareAs<arrow::TimestampArray, int64_t>(
          column, op, std::get<int64_t>(constant), truths);
    case arrow::Type::FLOAT:
      return CompareAs<arrow::FloatArray, double>(column, op, std::get<double>(constant),
                                                  truths);
    case arrow::Type::DOUBLE:
      return CompareAs<arrow::DoubleArray, double>(column, op, std::get<double>(constant),
                                                   truths);
    case arrow::Type::DECIMAL128: {
      const auto& values = static_cast<const arrow::Decimal128Array&>(column);
      return CompareRows(
          column, op, std::get<Int128>(constant),
          [&](int64_t row) { return DecimalAt(values, row); }, truths);
    }
    default: {  // Text; CheckType left no other.
      const auto& values = static_cast<const arrow::StringArray&>(column);
      return CompareRows(
          column, op, std::string_view(std::get<std::string>(constant)),
          [&](int64_t row) { return std::string_view(values.GetView(row)); }, truths);
    }
  }
}

}  // namespace

struct RowCheck::Node {
  Condition::Kind kind = Condition::Kind::kAnd;
  std::vector<Node> children;
  std::string column;
  std::shared_ptr<arrow::DataType> type;  // of the column
  CompareOp op = CompareOp::kEqual;
  Value constant;
};

namespace {

using Node = RowCheck::Node;

Node OnColumn(Condition::Kind kind, const Column& column) {
  Node node;
  node.kind = kind;
  node.column = column.name;
  node.type = ArrowTypeOf(column.type);
  return node;
}

Result<Node> BindNode(const Condition& condition, const contract::Model& model) {
  if (condition.column.empty()) {
    Node node;
    node.kind = condition.kind;
    for (const Condition& child : condition.children) {
      CALVE_ASSIGN(node.children.emplace_back(), BindNode(child, model));
    }
    return node;
  }
  const Column* column = model.Find(condition.column);
  if (column == nullptr) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("column {} is not there", condition.column)};
  }
  Node node = OnColumn(condition.kind, *column);
  node.op = condition.op;
  if (condition.kind == Condition::Kind::kCompare) {
    const auto value = CastTo(column->type, condition.constant.text);
    if (!value || LosesDigits(column->type, condition.constant.text)) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("`{}` is no {}, which column {} is", condition.constant.text,
                      contract::ColumnTypeName(column->type), column->name)};
    }
    node.constant = *value;
  }
  return node;
}

Result<Truths> Evaluate(const Node& node, const arrow::RecordBatch& rows);

Result<Truths> EvaluateJoined(const Node& node, const arrow::RecordBatch& rows) {
  const bool conjunction = node.kind == Condition::Kind::kAnd;
  Truths all(static_cast<size_t>(rows.num_rows()),
             conjunction ? Truth::kTrue : Truth::kFalse);
  for (const Node& child : node.children) {
    CALVE_ASSIGN(const Truths truths, Evaluate(child, rows));
    std::transform(all.begin(), all.end(), truths.begin(), all.begin(),
                   [conjunction](Truth a, Truth b) {
                     return conjunction ? std::min(a, b) : std::max(a, b);
                   });
  }
  return all;
}

Result<Truths> Evaluate(const Node& node, const arrow::RecordBatch& rows) {
  if (node.column.empty()) {
    return EvaluateJoined(node, rows);
  }
  const auto column = rows.GetColumnByName(node.column);
  if (column == nullptr || !column->type()->Equals(node.type)) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("column {} is {}, and the contract says {}", node.column,
                             column == nullptr ? "missing" : column->type()->ToString(),
                             node.type->ToString())};
  }
  Truths truths(static_cast<size_t>(rows.num_rows()));
  if (node.kind == Condition::Kind::kCompare) {
    Compare(*column, node.op, node.constant, truths);
    return truths;
  }
  const bool wanted = node.kind == Condition::Kind::kIsNull;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    truths[static_cast<size_t>(row)] =
        column->IsNull(row) == wanted ? Truth::kTrue : Truth::kFalse;
  }
  return truths;
}

}  // namespace

Result<RowCheck> RowCheck::Bind(const Condition& condition,
                                const contract::Model& model) {
  CALVE_ASSIGN(Node root, BindNode(condition, model));
  return RowCheck(std::make_shared<const Node>(std::move(root)));
}

RowCheck RowCheck::NotNull(const Column& column) {
  return RowCheck(
      std::make_shared<const Node>(OnColumn(Condition::Kind::kIsNotNull, column)));
}

RowCheck RowCheck::Accepted(const Column& column) {
  Node any;
  any.kind = Condition::Kind::kOr;
  any.children.push_back(OnColumn(Condition::Kind::kIsNull, column));
  for (const std::string& text : column.accepted_values) {
    if (const auto value = CastTo(column.type, text)) {
      Node equal = OnColumn(Condition::Kind::kCompare, column);
      equal.constant = *value;
      any.children.push_back(std::move(equal));
    }
  }
  return RowCheck(std::make_shared<const Node>(std::move(any)));
}

Result<std::vector<int64_t>> RowCheck::Broken(const arrow::RecordBatch& rows) const {
  CALVE_ASSIGN(const Truths truths, Evaluate(*root_, rows));
  std::vector<int64_t> broken;
  for (size_t row = 0; row < truths.size(); ++row) {
    if (truths[row] == Truth::kFalse) {
      broken.push_back(static_cast<int64_t>(row));
    }
  }
  return broken;
}

Result<std::vector<BoundCheck>> BindChecks(const contract::Model& model) {
  std::vector<BoundCheck> bound;
  for (const contract::Check& check : model.checks) {
    const Result<RowCheck> row_check = RowCheck::Bind(check.condition, model);
    if (!row_check) {
      return Error{row_check.error().kind,
                   fmt::format("{}:{}: model {}: the check `{}` cannot be enforced: {}; "
                               "write a constant of that type",
                               model.file, check.line, model.name, check.expression,
                               row_check.error().message)};
    }
    bound.push_back({&check, *row_check});
  }
  return bound;
}

}  // namespace calve::model
