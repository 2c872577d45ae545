#include "table/scan/column_cast.h"

#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include "core/arrow_status.h"

namespace calve::table {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Error CannotConvert(const arrow::DataType& source, const arrow::Field& target) {
  return Error{ErrorKind::kUnsupported,
               fmt::format("column {} is {} in the file and {} in the table",
                           target.name(), source.ToString(), target.type()->ToString())};
}

bool IsText(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING ||
         id == arrow::Type::STRING_VIEW || id == arrow::Type::BINARY ||
         id == arrow::Type::LARGE_BINARY || id == arrow::Type::BINARY_VIEW;
}

bool WidensToInt32(arrow::Type::type id) {
  return id == arrow::Type::INT8 || id == arrow::Type::UINT8 ||
         id == arrow::Type::INT16 || id == arrow::Type::UINT16;
}

bool WidensDecimal(const arrow::DataType& source, const arrow::DataType& target) {
  if (!arrow::is_decimal(source.id())) {
    return false;
  }
  const auto& from = static_cast<const arrow::DecimalType&>(source);
  const auto& to = static_cast<const arrow::DecimalType&>(target);
  return from.scale() == to.scale() && from.precision() <= to.precision();
}

bool WidensTimestamp(const arrow::DataType& source, const arrow::DataType& target,
                     bool is_int96) {
  if (source.id() != arrow::Type::TIMESTAMP) {
    return false;
  }
  const bool from_utc =
      !static_cast<const arrow::TimestampType&>(source).timezone().empty();
  const bool to_utc =
      !static_cast<const arrow::TimestampType&>(target).timezone().empty();
  return from_utc == to_utc || is_int96;
}

/// Whether every value of `source` has one of `target` that is equal; a cast that meets
/// one that has none fails.
bool CanWiden(const arrow::DataType& source, const arrow::DataType& target,
              bool is_int96) {
  const arrow::Type::type from = source.id();
  switch (target.id()) {
    case arrow::Type::INT32:
      return WidensToInt32(from);
    case arrow::Type::INT64:
      return WidensToInt32(from) || from == arrow::Type::INT32 ||
             from == arrow::Type::UINT32;
    case arrow::Type::DOUBLE:
      return from == arrow::Type::FLOAT;
    case arrow::Type::DECIMAL128:
      return WidensDecimal(source, target);
    case arrow::Type::DATE32:
      return from == arrow::Type::DATE64;
    case arrow::Type::TIME64:
      return arrow::is_time(from);
    case arrow::Type::TIMESTAMP:
      return WidensTimestamp(source, target, is_int96);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return IsText(from);
    default:
      return false;
  }
}

bool IsNanosecond(const arrow::DataType& type) {
  const bool timestamp = type.id() == arrow::Type::TIMESTAMP;
  return (timestamp && static_cast<const arrow::TimestampType&>(type).unit() ==
                           arrow::TimeUnit::NANO) ||
         (type.id() == arrow::Type::TIME64 &&
          static_cast<const arrow::Time64Type&>(type).unit() == arrow::TimeUnit::NANO);
}

/// Parquet's reader takes text as it is, and so would those who trust the type.
Result<ArrayPtr> CheckedText(ArrayPtr column, const arrow::Field& target) {
  if (column->type_id() == arrow::Type::STRING &&
      !static_cast<const arrow::StringArray&>(*column).ValidateUTF8().ok()) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("text of column {} is not UTF-8", target.name())};
  }
  return column;
}

Result<ArrayPtr> CastLeaf(ArrayPtr column, const arrow::Field& target, bool is_int96) {
  if (column->type_id() == arrow::Type::EXTENSION) {
    column = static_cast<const arrow::ExtensionArray&>(*column).storage();
  }
  if (column->type_id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryType&>(*column->type());
    CALVE_ASSIGN(
        column, calve::FromArrow(arrow::compute::Cast(*column, dictionary.value_type())));
  }
  if (column->type()->Equals(*target.type())) {
    return CheckedText(std::move(column), target);
  }
  if (column->type_id() == arrow::Type::NA) {
    return calve::FromArrow(arrow::MakeArrayOfNull(target.type(), column->length()));
  }
  if (!CanWiden(*column->type(), *target.type(), is_int96)) {
    return CannotConvert(*column->type(), target);
  }
  auto cast = arrow::compute::Cast(*column, target.type());
  if (!cast.ok() && cast.status().IsInvalid() && IsNanosecond(*column->type())) {
    return CannotConvert(*column->type(), target);
  }
  if (!cast.ok()) {
    return Error{KindOf(cast.status()),
                 fmt::format("column {}: {}", target.name(), cast.status().message())};
  }
  return *std::move(cast);
}

/// The id that Parquet's reader and ToArrow leave in a field's metadata, or "".
std::string IdOf(const arrow::Field& field) {
  if (!field.HasMetadata()) {
    return "";
  }
  return field.metadata()->Get("PARQUET:field_id").ValueOr("");
}

int FindChild(const arrow::DataType& source, const arrow::Field& target) {
  for (int child = 0; child < source.num_fields(); ++child) {
    const arrow::Field& field = *source.field(child);
    const std::string id = IdOf(field);
    if (id.empty() ? field.name() == target.name() : id == IdOf(target)) {
      return child;
    }
  }
  return -1;
}

/// `array` with other children, of type `target`; its own nulls, offsets and slice stay.
ArrayPtr Rebuilt(const arrow::Array& array,
                 const std::shared_ptr<arrow::DataType>& target,
                 std::vector<std::shared_ptr<arrow::ArrayData>> children) {
  auto data = array.data()->Copy();
  data->type = target;
  data->child_data = std::move(children);
  return arrow::MakeArray(data);
}

Result<ArrayPtr> CastStruct(const arrow::Array& column, const arrow::Field& target) {
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  const int64_t child_rows = column.offset() + column.length();
  for (const auto& field : target.type()->fields()) {
    const int at = FindChild(*column.type(), *field);
    if (at < 0) {
      CALVE_ASSIGN(const ArrayPtr missing, MissingColumn(*field, child_rows));
      children.push_back(missing->data());
      continue;
    }
    const ArrayPtr child =
        arrow::MakeArray(column.data()->child_data[static_cast<size_t>(at)]);
    // A required part may be null below a null parent.
    CALVE_ASSIGN(const ArrayPtr cast,
                 CastColumn(child, *field->WithNullable(/*nullable=*/true),
                            /*is_int96=*/false));
    children.push_back(cast->data());
  }
  return Rebuilt(column, target.type(), std::move(children));
}

/// The elements of a list, or the entries of a map.
Result<ArrayPtr> CastElements(const arrow::Array& column, const arrow::Field& target) {
  const ArrayPtr child = arrow::MakeArray(column.data()->child_data[0]);
  CALVE_ASSIGN(
      const ArrayPtr cast,
      CastColumn(child, *target.type()->field(0)->WithNullable(/*nullable=*/true),
                 /*is_int96=*/false));
  return Rebuilt(column, target.type(), {cast->data()});
}

/// Map entries are matched by place: the names of `key` and `value` are free, and so may
/// the ids be missing.
Result<ArrayPtr> CastMap(const arrow::Array& column, const arrow::Field& target) {
  const auto& entries_type = target.type()->field(0)->type();
  const ArrayPtr entries = arrow::MakeArray(column.data()->child_data[0]);
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (int part = 0; part < 2; ++part) {
    const ArrayPtr child =
        arrow::MakeArray(entries->data()->child_data[static_cast<size_t>(part)]);
    CALVE_ASSIGN(
        const ArrayPtr cast,
        CastColumn(child, *entries_type->field(part)->WithNullable(/*nullable=*/true),
                   /*is_int96=*/false));
    children.push_back(cast->data());
  }
  const ArrayPtr cast_entries = Rebuilt(*entries, entries_type, std::move(children));
  return Rebuilt(column, target.type(), {cast_entries->data()});
}

/// A list with 32-bit offsets, where the writer left word that it had another layout.
Result<ArrayPtr> AsList(const ArrayPtr& column) {
  const arrow::Type::type id = column->type_id();
  if (id != arrow::Type::LARGE_LIST && id != arrow::Type::FIXED_SIZE_LIST) {
    return column;
  }
  return calve::FromArrow(
      arrow::compute::Cast(*column, arrow::list(column->type()->field(0))));
}

Result<ArrayPtr> CastAny(ArrayPtr column, const arrow::Field& target, bool is_int96) {
  if (!arrow::is_nested(target.type()->id())) {
    return CastLeaf(std::move(column), target, is_int96);
  }
  CALVE_ASSIGN(column, AsList(column));
  if (column->type_id() != target.type()->id()) {
    return CannotConvert(*column->type(), target);
  }
  switch (target.type()->id()) {
    case arrow::Type::STRUCT:
      return CastStruct(*column, target);
    case arrow::Type::LIST:
      return CastElements(*column, target);
    case arrow::Type::MAP:
      return CastMap(*column, target);
    default:
      return CannotConvert(*column->type(), target);
  }
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> CastColumn(
    const std::shared_ptr<arrow::Array>& column, const arrow::Field& target,
    bool is_int96) {
  CALVE_ASSIGN(ArrayPtr cast, CastAny(column, target, is_int96));
  if (!target.nullable() && cast->null_count() > 0) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("null in the required column {}", target.name())};
  }
  return cast;
}

Result<std::shared_ptr<arrow::Array>> MissingColumn(const arrow::Field& target,
                                                    int64_t rows) {
  if (!target.nullable()) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("the file lacks the required column {}", target.name())};
  }
  return calve::FromArrow(arrow::MakeArrayOfNull(target.type(), rows));
}

}  // namespace calve::table
