#pragma once

/// \file table/schema/generators.h
/// Random types, values and schemas for laws.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "table/schema/literal.h"
#include "table/schema/schema.h"

namespace calve::table {

inline rc::Gen<Type> AnyPrimitiveType() {
  return rc::gen::exec([] {
    const auto id =
        *rc::gen::element(TypeId::kBoolean, TypeId::kInt, TypeId::kLong, TypeId::kFloat,
                          TypeId::kDouble, TypeId::kDecimal, TypeId::kDate, TypeId::kTime,
                          TypeId::kTimestamp, TypeId::kTimestamptz, TypeId::kString,
                          TypeId::kUuid, TypeId::kFixed, TypeId::kBinary);
    if (id == TypeId::kDecimal) {
      const int precision = *rc::gen::inRange(1, 39);
      return DecimalType(precision, *rc::gen::inRange(0, precision + 1));
    }
    if (id == TypeId::kFixed) {
      return FixedType(*rc::gen::inRange<int64_t>(1, 40));
    }
    return TypeOf(id);
  });
}

/// A type in which every field has id 0 (see NumberFields); `depth` bounds the nesting.
inline Type PickType(int depth) {
  const int shape = depth == 0 ? 0 : *rc::gen::inRange(0, 6);
  if (shape == 1) {
    std::vector<Field> fields;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) {
      fields.push_back({FieldId{0}, "f" + std::to_string(i), PickType(depth - 1),
                        *rc::gen::arbitrary<bool>(), *rc::gen::element("", "a doc")});
    }
    return StructType(std::move(fields));
  }
  if (shape == 2) {
    return ListType(FieldId{0}, PickType(depth - 1), *rc::gen::arbitrary<bool>());
  }
  if (shape == 3) {
    return MapType({FieldId{0}, PickType(depth - 1)}, {FieldId{0}, PickType(depth - 1)},
                   *rc::gen::arbitrary<bool>());
  }
  return *AnyPrimitiveType();
}

/// Gives the fields ids from `next` on, outer before inner.
inline void NumberFields(std::vector<Field>& fields, int32_t& next) {
  for (Field& field : fields) {
    field.id = FieldId{next++};
    NumberFields(field.type.children, next);
  }
}

inline rc::Gen<Schema> AnySchema() {
  return rc::gen::exec([] {
    Schema schema;
    schema.schema_id = *rc::gen::inRange(0, 100);
    const int count = *rc::gen::inRange(1, 6);
    for (int i = 0; i < count; ++i) {
      schema.fields.push_back({FieldId{0}, "c" + std::to_string(i), PickType(3),
                               *rc::gen::arbitrary<bool>(),
                               *rc::gen::element("", "what it is")});
    }
    int32_t next = 1;
    NumberFields(schema.fields, next);
    if (*rc::gen::arbitrary<bool>()) {
      schema.identifier_field_ids.push_back(schema.fields[0].id);
    }
    return schema;
  });
}

inline Decimal PickDecimal(int precision) {
  Int128 unscaled = 0;
  const int digits = *rc::gen::inRange(1, precision + 1);
  for (int i = 0; i < digits; ++i) {
    unscaled = unscaled * 10 + *rc::gen::inRange(0, 10);
  }
  return {*rc::gen::arbitrary<bool>() ? -unscaled : unscaled};
}

inline std::string PickText() {
  const auto parts =
      *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "a", "Z", " ", "/", "é", "漢", "😀", "\"", "\\", "\n"));
  std::string text;
  for (const std::string& part : parts) {
    text += part;
  }
  return text;
}

inline std::string PickBytes(size_t length) {
  return *rc::gen::container<std::string>(length, rc::gen::arbitrary<char>());
}

/// A value of a primitive type; floating point numbers are finite.
inline Literal PickLiteral(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return *rc::gen::arbitrary<bool>();
    case TypeId::kInt:
    case TypeId::kDate:
      return *rc::gen::arbitrary<int32_t>();
    case TypeId::kTime:
      return *rc::gen::inRange<int64_t>(0, 86'400'000'000);
    case TypeId::kLong:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      // Both near zero and over the whole range.
      return *rc::gen::oneOf(rc::gen::arbitrary<int64_t>(),
                             rc::gen::resize(1000, rc::gen::arbitrary<int64_t>()));
    case TypeId::kFloat:
      return *rc::gen::arbitrary<float>();
    case TypeId::kDouble:
      return *rc::gen::arbitrary<double>();
    case TypeId::kDecimal:
      return PickDecimal(type.precision);
    case TypeId::kUuid:
      return PickBytes(16);
    case TypeId::kFixed:
      return PickBytes(static_cast<size_t>(type.length));
    case TypeId::kBinary:
      return *rc::gen::arbitrary<std::string>();
    default:
      return PickText();
  }
}

}  // namespace calve::table
