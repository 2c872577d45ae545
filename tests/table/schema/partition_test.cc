#include "table/schema/partition.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "table/schema/generators.h"

namespace calve::table {
namespace {

using nlohmann::json;
using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

Schema Columns() {
  Schema schema;
  schema.fields = {
      {FieldId{1}, "id", TypeOf(TypeId::kLong), true, ""},
      {FieldId{2}, "at", TypeOf(TypeId::kTimestamptz), false, ""},
      {FieldId{3}, "place",
       StructType({{FieldId{4}, "name", TypeOf(TypeId::kString), false, ""}}), false,
       ""}};
  return schema;
}

PartitionField FieldOn(int32_t source, int32_t id, const std::string& name,
                       const char* transform) {
  return {FieldId{source}, FieldId{id}, name, *ParseTransform(transform)};
}

PartitionSpec OneField(int32_t source, const char* transform) {
  return {0, {FieldOn(source, 1000, "p", transform)}};
}

/// The path of one value in a spec of one field, by the transform's result type.
std::string PathOf(const char* transform, const Type& source,
                   const std::optional<Literal>& result) {
  const auto type = TransformResultType(*ParseTransform(transform), source);
  EXPECT_TRUE(type);
  return PartitionPath(OneField(1, transform),
                       StructType({{FieldId{1000}, "p", *type, false, ""}}), {result});
}

TEST(PartitionTypeTest, HasTheSpecsIdsAndTheTransformsTypes) {
  const PartitionSpec spec{
      1,
      {FieldOn(2, 1000, "at_day", "day"), FieldOn(1, 1001, "id_bucket", "bucket[16]"),
       FieldOn(4, 1002, "name_trunc", "truncate[2]")}};
  const auto type = PartitionType(spec, Columns());
  ASSERT_TRUE(type) << type.error().message;
  EXPECT_TRUE(
      *type ==
      StructType({{FieldId{1000}, "at_day", TypeOf(TypeId::kDate), false, ""},
                  {FieldId{1001}, "id_bucket", TypeOf(TypeId::kInt), false, ""},
                  {FieldId{1002}, "name_trunc", TypeOf(TypeId::kString), false, ""}}));
}

TEST(PartitionTypeTest, AMissingSourceIsCorruptUnlessTheFieldIsVoid) {
  const auto missing = PartitionType(OneField(9, "identity"), Columns());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(missing.error().message,
            "partition field 'p': its source column 9 is missing");
  EXPECT_TRUE(PartitionType(OneField(9, "void"), Columns()));
}

TEST(PartitionTypeTest, ASourceOfAWrongTypeIsCorrupt) {
  const auto wrong = PartitionType(OneField(1, "day"), Columns());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(wrong.error().message, "partition field 'p': day does not take a long");
}

TEST(PartitionPathTest, WritesTimeAsPeopleReadIt) {
  const Type moment = TypeOf(TypeId::kTimestamptz);
  EXPECT_EQ(PathOf("year", moment, int32_t{54}), "p=2024");
  EXPECT_EQ(PathOf("year", moment, int32_t{-1}), "p=1969");
  EXPECT_EQ(PathOf("month", moment, int32_t{648}), "p=2024-01");
  EXPECT_EQ(PathOf("month", moment, int32_t{-1}), "p=1969-12");
  EXPECT_EQ(PathOf("day", moment, int32_t{19'753}), "p=2024-01-31");
  EXPECT_EQ(PathOf("hour", moment, int32_t{-1}), "p=1969-12-31-23");
  EXPECT_EQ(PathOf("identity", moment, int64_t{0}),
            "p=1970-01-01T00%3A00%3A00%2B00%3A00");
}

TEST(PartitionPathTest, EncodesNamesAndValues) {
  const Type text = TypeOf(TypeId::kString);
  EXPECT_EQ(PathOf("identity", text, "a b/c=é%"s), "p=a+b%2Fc%3D%C3%A9%25");
  EXPECT_EQ(PathOf("identity", text, ""s), "p=");
  EXPECT_EQ(PathOf("identity", text, "../x"s), "p=..%2Fx");
  const PartitionSpec odd_name{0, {FieldOn(1, 1000, "a/b", "identity")}};
  EXPECT_EQ(PartitionPath(odd_name, *PartitionType(odd_name, Columns()), {int64_t{5}}),
            "a%2Fb=5");
}

TEST(PartitionPathTest, WritesNullAsNull) {
  EXPECT_EQ(PathOf("identity", TypeOf(TypeId::kString), std::nullopt), "p=null");
  EXPECT_EQ(PathOf("void", TypeOf(TypeId::kString), std::nullopt), "p=null");
}

TEST(PartitionPathTest, JoinsLevelsBySlashes) {
  const PartitionSpec spec{
      0,
      {FieldOn(2, 1000, "at_day", "day"), FieldOn(1, 1001, "id_bucket", "bucket[16]")}};
  EXPECT_EQ(
      PartitionPath(spec, *PartitionType(spec, Columns()), {int32_t{1}, int32_t{7}}),
      "at_day=1970-01-02/id_bucket=7");
  EXPECT_EQ(PartitionPath({}, StructType({}), {}), "");
}

TEST(PartitionSpecJsonTest, WritesAndReadsTheSpecsForm) {
  const PartitionSpec spec{3, {FieldOn(2, 1000, "at_day", "day")}};
  const json expected = json::parse(R"({"spec-id": 3, "fields": [
    {"source-id": 2, "field-id": 1000, "name": "at_day", "transform": "day"}]})");
  EXPECT_EQ(PartitionSpecToJson(spec), expected);
  const auto read = PartitionSpecFromJson(expected);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == spec);
}

TEST(PartitionSpecJsonTest, NumbersFieldsThatHaveNoIds) {
  const auto spec = PartitionSpecFromJson(json::parse(R"({"spec-id": 0, "fields": [
    {"source-id": 1, "name": "a", "transform": "identity"},
    {"source-id": 2, "name": "b", "transform": "day"}]})"));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->fields[0].field_id, FieldId{1000});
  EXPECT_EQ(spec->fields[1].field_id, FieldId{1001});
}

TEST(PartitionSpecJsonTest, ReadsVersion3sListOfOneSource) {
  const auto spec = PartitionSpecFromJson(json::parse(R"({"spec-id": 0, "fields": [
    {"source-ids": [1], "field-id": 1000, "name": "a", "transform": "identity"}]})"));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->fields[0].source_id, FieldId{1});
}

std::string SpecError(const char* text) {
  const auto spec = PartitionSpecFromJson(json::parse(text));
  if (spec) {
    return "accepted";
  }
  return (spec.error().kind == ErrorKind::kCorrupt ? "corrupt: " : "unsupported: ") +
         spec.error().message;
}

TEST(PartitionSpecJsonTest, NamesTheMemberAtFault) {
  EXPECT_EQ(SpecError("[]"), "corrupt: partition spec: expected an object");
  EXPECT_EQ(SpecError(R"({"fields": []})"), "corrupt: spec-id: missing");
  EXPECT_EQ(SpecError(R"({"spec-id": 0, "fields": {}})"),
            "corrupt: fields: expected an array");
  EXPECT_EQ(SpecError(R"({"spec-id": 0, "fields": [{"name": "a", "transform": "day"}]})"),
            "corrupt: fields[0].source-id: missing");
  EXPECT_EQ(SpecError(R"({"spec-id": 0, "fields": [
              {"source-id": 1, "name": "a", "transform": "bucket[0]"}]})"),
            "corrupt: fields[0].transform: not a transform: 'bucket[0]'");
  EXPECT_EQ(SpecError(R"({"spec-id": 0, "fields": [
              {"source-id": 1, "name": "a", "transform": "zorder"}]})"),
            "unsupported: fields[0].transform: unknown transform: 'zorder'");
  EXPECT_EQ(SpecError(R"({"spec-id": 0, "fields": [
              {"source-ids": [1, 2], "name": "a", "transform": "bucket[4]"}]})"),
            "unsupported: fields[0].source-ids: transforms of several columns are not "
            "known");
  EXPECT_EQ(SpecError(R"({"spec-id": 0, "fields": [
              {"source-id": 1, "field-id": 1000, "name": "a", "transform": "day"},
              {"source-id": 2, "field-id": 1000, "name": "b", "transform": "day"}]})"),
            "corrupt: fields[1].field-id: repeated");
  EXPECT_EQ(SpecError(R"({"spec-id": 0, "fields": [
              {"source-id": 1, "name": "a", "transform": "day"},
              {"source-id": 2, "name": "a", "transform": "day"}]})"),
            "corrupt: fields[1].name: repeated");
}

TEST(SortOrderJsonTest, WritesAndReadsTheSpecsForm) {
  SortOrder order;
  order.order_id = 1;
  order.fields = {{FieldId{1}, *ParseTransform("identity"), true, true},
                  {FieldId{2}, *ParseTransform("bucket[4]"), false, false}};
  const json expected = json::parse(R"({"order-id": 1, "fields": [
    {"source-id": 1, "transform": "identity", "direction": "asc",
     "null-order": "nulls-first"},
    {"source-id": 2, "transform": "bucket[4]", "direction": "desc",
     "null-order": "nulls-last"}]})");
  EXPECT_EQ(SortOrderToJson(order), expected);
  const auto read = SortOrderFromJson(expected);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == order);
}

TEST(SortOrderJsonTest, NamesTheMemberAtFault) {
  const auto order = SortOrderFromJson(json::parse(R"({"order-id": 1, "fields": [
    {"source-id": 1, "transform": "identity", "direction": "up",
     "null-order": "nulls-first"}]})"));
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(order.error().message, "fields[0].direction: expected asc or desc");
}

}  // namespace
}  // namespace calve::table
