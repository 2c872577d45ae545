#include "table/schema/schema.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "table/schema/generators.h"

namespace calve::table {
namespace {

using nlohmann::json;

/// Columns `id`, `place {lat}`, `tags [string]`, `prices {string: decimal}`.
Schema Example() {
  Schema schema;
  schema.schema_id = 3;
  schema.fields = {
      {FieldId{1}, "id", TypeOf(TypeId::kLong), true, "the key"},
      {FieldId{2}, "place",
       StructType({{FieldId{5}, "lat", TypeOf(TypeId::kDouble), false, ""}}), false, ""},
      {FieldId{3}, "tags", ListType(FieldId{6}, TypeOf(TypeId::kString), true), false,
       ""},
      {FieldId{4}, "prices",
       MapType({FieldId{7}, TypeOf(TypeId::kString)}, {FieldId{8}, DecimalType(9, 2)},
               /*value_required=*/false),
       false, ""}};
  schema.identifier_field_ids = {FieldId{1}};
  return schema;
}

constexpr const char* kExampleJson = R"json({
  "type": "struct", "schema-id": 3, "identifier-field-ids": [1],
  "fields": [
    {"id": 1, "name": "id", "required": true, "type": "long", "doc": "the key"},
    {"id": 2, "name": "place", "required": false, "type": {"type": "struct", "fields": [
      {"id": 5, "name": "lat", "required": false, "type": "double"}]}},
    {"id": 3, "name": "tags", "required": false, "type": {"type": "list",
      "element-id": 6, "element-required": true, "element": "string"}},
    {"id": 4, "name": "prices", "required": false, "type": {"type": "map",
      "key-id": 7, "key": "string",
      "value-id": 8, "value-required": false, "value": "decimal(9, 2)"}}]})json";

/// What is said of the example's JSON after a change to it.
std::string ErrorAfter(const json& patch) {
  json changed = json::parse(kExampleJson).patch(patch);
  const auto schema = SchemaFromJson(changed);
  if (schema) {
    return "accepted";
  }
  return (schema.error().kind == ErrorKind::kCorrupt ? "corrupt: " : "other: ") +
         schema.error().message;
}

json Replace(const char* path, const json& value) {
  return json::array({{{"op", "replace"}, {"path", path}, {"value", value}}});
}

json Remove(const char* path) {
  return json::array({{{"op", "remove"}, {"path", path}}});
}

TEST(SchemaTest, ColumnsAreFoundByIdAndByExactName) {
  const Schema schema = Example();
  EXPECT_EQ(schema.Find(FieldId{3}), &schema.fields[2]);
  EXPECT_EQ(schema.Find("place"), &schema.fields[1]);
  EXPECT_EQ(schema.Find("Place"), nullptr);
  EXPECT_EQ(schema.Find(FieldId{5}), nullptr) << "nested, not a column";
}

TEST(SchemaTest, NestedFieldsAreFoundById) {
  const Schema schema = Example();
  EXPECT_EQ(schema.FindNested(FieldId{5}), &schema.fields[1].type.children[0]);
  EXPECT_EQ(schema.FindNested(FieldId{8}), &schema.fields[3].type.children[1]);
  EXPECT_EQ(schema.FindNested(FieldId{9}), nullptr);
}

TEST(SchemaTest, TheHighestIdMayBeNested) {
  EXPECT_EQ(Example().HighestFieldId(), FieldId{8});
  EXPECT_EQ(Schema{}.HighestFieldId(), FieldId{0});
}

TEST(SchemaJsonTest, WritesTheSpecsForm) {
  EXPECT_EQ(SchemaToJson(Example()), json::parse(kExampleJson));
}

RC_GTEST_PROP(SchemaJsonTest, AnySchemaComesBackFromItsJson, ()) {
  const Schema schema = *AnySchema();
  const auto read = SchemaFromJson(json::parse(SchemaToJson(schema).dump()));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == schema);
}

TEST(SchemaJsonTest, KeepsMembersOfAFieldThatItDoesNotKnow) {
  json with_default = json::parse(kExampleJson);
  with_default["fields"][0]["initial-default"] = 7;
  const auto schema = SchemaFromJson(with_default);
  ASSERT_TRUE(schema) << schema.error().message;
  EXPECT_EQ(schema->fields[0].unknown_members, R"({"initial-default":7})");
  EXPECT_EQ(SchemaToJson(*schema), with_default);
}

TEST(SchemaJsonTest, NamesTheMemberAtFault) {
  EXPECT_EQ(ErrorAfter(Remove("/fields")), "corrupt: fields: missing");
  EXPECT_EQ(ErrorAfter(Replace("/type", "list")), "corrupt: type: expected struct");
  EXPECT_EQ(ErrorAfter(Replace("/schema-id", "3")),
            "corrupt: schema-id: expected an integer");
  EXPECT_EQ(ErrorAfter(Replace("/schema-id", 4294967296)),
            "corrupt: schema-id: outside 32 bits");
  EXPECT_EQ(ErrorAfter(Remove("/fields/0/id")), "corrupt: fields[0].id: missing");
  EXPECT_EQ(ErrorAfter(Replace("/fields/0", 1)),
            "corrupt: fields[0]: expected an object");
  EXPECT_EQ(ErrorAfter(Replace("/fields/0/required", 1)),
            "corrupt: fields[0].required: expected true or false");
  EXPECT_EQ(ErrorAfter(Replace("/fields/0/type", "lonk")),
            "corrupt: fields[0].type: not a type: 'lonk'");
  EXPECT_EQ(ErrorAfter(Replace("/fields/0/type", 5)),
            "corrupt: fields[0].type: expected a type");
  EXPECT_EQ(ErrorAfter(Remove("/fields/1/type/fields/0/name")),
            "corrupt: fields[1].type.fields[0].name: missing");
  EXPECT_EQ(ErrorAfter(Remove("/fields/2/type/element")),
            "corrupt: fields[2].type.element: missing");
  EXPECT_EQ(ErrorAfter(Remove("/fields/3/type/value-required")),
            "corrupt: fields[3].type.value-required: missing");
  EXPECT_EQ(ErrorAfter(Replace("/fields/3/type/type", "set")),
            "corrupt: fields[3].type.type: expected struct, list or map");
  EXPECT_EQ(ErrorAfter(Replace("/identifier-field-ids/0", 99)),
            "corrupt: identifier-field-ids[0]: no such field");
  EXPECT_EQ(ErrorAfter(Replace("/identifier-field-ids/0", "1")),
            "corrupt: identifier-field-ids[0]: expected an integer");
}

TEST(SchemaJsonTest, RefusesRepeatedIdsAndNames) {
  EXPECT_EQ(ErrorAfter(Replace("/fields/1/type/fields/0/id", 1)),
            "corrupt: fields: field id 1 repeated");
  EXPECT_EQ(ErrorAfter(Replace("/fields/1/name", "id")),
            "corrupt: fields: name repeated: 'id'");
}

TEST(SchemaJsonTest, TypesOfLaterVersionsAreUnsupported) {
  EXPECT_EQ(ErrorAfter(Replace("/fields/0/type", "timestamp_ns")),
            "other: fields[0].type: type of format version 3: 'timestamp_ns'");
}

TEST(SchemaJsonTest, RefusesTypesThatNestWithoutEnd) {
  json type = "int";
  for (int32_t i = 0; i < 100'000; ++i) {
    type = json{{"type", "list"},
                {"element-id", i + 2},
                {"element-required", true},
                {"element", std::move(type)}};
  }
  json schema = {{"type", "struct"}, {"fields", json::array()}};
  schema["fields"].push_back({{"id", 1}, {"name", "a"}, {"required", true}});
  schema["fields"][0]["type"] = std::move(type);
  const auto read = SchemaFromJson(schema);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(read.error().message, testing::EndsWith("element: types nest too deep"));
}

TEST(SchemaJsonTest, RefusesWhatIsNoObject) {
  const auto schema = SchemaFromJson(json::array());
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace calve::table
