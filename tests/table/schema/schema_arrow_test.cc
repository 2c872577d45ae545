#include <memory>
#include <string>
#include <vector>

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "table/schema/generators.h"
#include "table/schema/schema.h"

namespace calve::table {
namespace {

/// The type as Arrow gives it back: UUIDs are 16 fixed bytes there, docs are not kept.
Type AsArrowKeepsIt(Type type) {
  if (type.id == TypeId::kUuid) {
    return FixedType(16);
  }
  for (Field& child : type.children) {
    child.doc.clear();
    child.type = AsArrowKeepsIt(std::move(child.type));
  }
  return type;
}

RC_GTEST_PROP(SchemaArrowTest, AnyFieldComesBackFromArrow, ()) {
  const Schema schema = *AnySchema();
  const auto arrow_schema = ToArrow(schema);
  RC_ASSERT(static_cast<size_t>(arrow_schema->num_fields()) == schema.fields.size());
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    Field expected = schema.fields[i];
    expected.doc.clear();
    expected.type = AsArrowKeepsIt(expected.type);
    const auto field = FromArrow(*arrow_schema->field(static_cast<int>(i)));
    RC_ASSERT(field.has_value());
    RC_ASSERT(*field == expected);
  }
}

TEST(SchemaArrowTest, PrimitiveTypesHaveTheirArrowForms) {
  const std::vector<std::pair<Type, std::string>> forms = {
      {TypeOf(TypeId::kBoolean), "bool"},
      {TypeOf(TypeId::kInt), "int32"},
      {TypeOf(TypeId::kLong), "int64"},
      {TypeOf(TypeId::kFloat), "float"},
      {TypeOf(TypeId::kDouble), "double"},
      {DecimalType(10, 2), "decimal128(10, 2)"},
      {TypeOf(TypeId::kDate), "date32[day]"},
      {TypeOf(TypeId::kTime), "time64[us]"},
      {TypeOf(TypeId::kTimestamp), "timestamp[us]"},
      {TypeOf(TypeId::kTimestamptz), "timestamp[us, tz=UTC]"},
      {TypeOf(TypeId::kString), "string"},
      {TypeOf(TypeId::kUuid), "fixed_size_binary[16]"},
      {FixedType(5), "fixed_size_binary[5]"},
      {TypeOf(TypeId::kBinary), "binary"},
  };
  for (const auto& [type, arrow_form] : forms) {
    const auto field = ToArrow(Field{FieldId{1}, "c", type, false, ""});
    EXPECT_EQ(field->type()->ToString(), arrow_form);
  }
}

TEST(SchemaArrowTest, EveryFieldCarriesItsIdNestedOnesToo) {
  const Field field{
      FieldId{1}, "prices",
      MapType({FieldId{2}, TypeOf(TypeId::kString)},
              {FieldId{3}, ListType(FieldId{4}, TypeOf(TypeId::kInt), true)},
              /*value_required=*/false),
      true, ""};
  const auto arrow_field = ToArrow(field);
  EXPECT_EQ(arrow_field->ToString(),
            "prices: map<string, list<element: int32 not null>> not null");
  const auto& map = static_cast<const arrow::MapType&>(*arrow_field->type());
  const auto id = [](const std::shared_ptr<arrow::Field>& f) {
    return f->metadata()->Get("PARQUET:field_id").ValueOr("none");
  };
  EXPECT_EQ(id(arrow_field), "1");
  EXPECT_EQ(id(map.key_field()), "2");
  EXPECT_EQ(id(map.item_field()), "3");
  EXPECT_EQ(id(map.item_type()->field(0)), "4");
}

TEST(SchemaArrowTest, TypesWithoutAnIcebergTwinAreUnsupported) {
  for (const auto& type :
       {arrow::int16(), arrow::uint32(), arrow::large_utf8(), arrow::null(),
        arrow::date64(), arrow::timestamp(arrow::TimeUnit::NANO),
        arrow::time64(arrow::TimeUnit::NANO), arrow::decimal256(40, 2),
        arrow::decimal128(5, -1), arrow::dictionary(arrow::int32(), arrow::utf8()),
        arrow::struct_({arrow::field("a", arrow::int8())})}) {
    const auto converted = FromArrow(*type);
    ASSERT_FALSE(converted) << type->ToString();
    EXPECT_EQ(converted.error().kind, ErrorKind::kUnsupported) << type->ToString();
  }
}

TEST(SchemaArrowTest, AFieldWithoutAReadableIdHasIdZero) {
  const auto bad = arrow::field("a", arrow::int32(), true,
                                arrow::key_value_metadata({"PARQUET:field_id"}, {"x"}));
  EXPECT_EQ(FromArrow(*bad)->id, FieldId{0});
  EXPECT_EQ(FromArrow(*arrow::field("a", arrow::int32()))->id, FieldId{0});
}

TEST(SchemaArrowTest, AnyTimeZoneIsAnInstant) {
  const auto type = FromArrow(*arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin"));
  ASSERT_TRUE(type);
  EXPECT_EQ(type->id, TypeId::kTimestamptz);
}

}  // namespace
}  // namespace calve::table
