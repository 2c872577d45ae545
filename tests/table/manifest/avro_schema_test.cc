#include "table/manifest/avro_schema.h"

#include <string>

#include <gtest/gtest.h>

namespace calve::table::avro {
namespace {

/// Describes a type: kinds, names, ids; a record seen before by its name only.
std::string Describe(const WriterSchema& schema, TypeRef ref, int depth = 0) {
  const Node& node = schema.node(ref);
  std::string text(KindName(node.kind));
  text += node.name.empty() ? "" : " " + node.name;
  text += node.logical_type.empty() ? "" : " <" + node.logical_type + ">";
  if (node.kind == Kind::kFixed) {
    text += "(" + std::to_string(node.fixed_size_bytes) + ")";
  }
  if (node.kind == Kind::kArray || node.kind == Kind::kMap) {
    text += "#" + std::to_string(node.item_id.value_or(-1));
    text += "[" + Describe(schema, node.items, depth) + "]";
  }
  for (const TypeRef branch : node.branches) {
    text += "|" + Describe(schema, branch, depth);
  }
  if (node.kind == Kind::kRecord && depth < 2) {
    text += "{";
    for (const RecordField& field : node.fields) {
      text += field.name + "#" + std::to_string(field.field_id.value_or(-1)) + ":" +
              Describe(schema, field.type, depth + 1) + ";";
    }
    text += "}";
  }
  return text;
}

std::string DescribeJson(const std::string& json) {
  const auto schema = WriterSchema::Parse(json);
  return schema ? Describe(*schema, schema->root()) : schema.error().message;
}

TEST(AvroSchemaTest, ReadsPrimitivesAndTheirLogicalTypes) {
  EXPECT_EQ(DescribeJson(R"("long")"), "long");
  EXPECT_EQ(DescribeJson(R"({"type":"int","logicalType":"date"})"), "int <date>");
  EXPECT_EQ(DescribeJson(R"({"type":{"type":"bytes"}})"), "bytes");
}

TEST(AvroSchemaTest, ReadsFieldAndElementIds) {
  EXPECT_EQ(DescribeJson(R"({"type":"record","name":"r","fields":[
      {"name":"a","type":["null","string"],"default":null,"field-id":500},
      {"name":"b","type":{"type":"array","items":"int","element-id":136},"field-id":135},
      {"name":"c","type":{"type":"map","values":"bytes","key-id":1,"value-id":2}},
      {"name":"d","type":{"type":"enum","name":"e","symbols":["X"]},"field-id":7}]})"),
            "record r{a#500:union|null|string;b#135:array#136[int];c#-1:map#2[bytes];"
            "d#7:enum e;}");
}

TEST(AvroSchemaTest, ReadsAMapAsAnArrayOfPairs) {
  EXPECT_EQ(DescribeJson(R"({"type":"array","logicalType":"map","items":{"type":"record",
      "name":"k117_v118","fields":[{"name":"key","type":"int","field-id":117},
      {"name":"value","type":"long","field-id":118}]}})"),
            "array <map>#-1[record k117_v118{key#117:int;value#118:long;}]");
}

TEST(AvroSchemaTest, ResolvesNamesInTheirNamespace) {
  EXPECT_EQ(DescribeJson(R"({"type":"record","name":"r","namespace":"a.b","fields":[
      {"name":"x","type":{"type":"fixed","name":"f","size":4}},
      {"name":"y","type":"f"},{"name":"z","type":"a.b.f"}]})"),
            "record a.b.r{x#-1:fixed a.b.f(4);y#-1:fixed a.b.f(4);z#-1:fixed a.b.f(4);}");
}

TEST(AvroSchemaTest, ARecordMayContainItself) {
  EXPECT_EQ(
      DescribeJson(R"({"type":"record","name":"list","fields":[
      {"name":"next","type":["null","list"]}]})"),
      "record list{next#-1:union|null|record list{next#-1:union|null|record list;};}");
}

TEST(AvroSchemaTest, AFixedTypeDefinedTwiceIsNoError) {
  EXPECT_EQ(DescribeJson(R"({"type":"record","name":"r","fields":[
      {"name":"x","type":{"type":"fixed","name":"fixed_4","size":4}},
      {"name":"y","type":{"type":"fixed","name":"fixed_4","size":4}}]})"),
            "record r{x#-1:fixed fixed_4(4);y#-1:fixed fixed_4(4);}");
}

TEST(AvroSchemaTest, NamesWhatIsWrong) {
  EXPECT_EQ(DescribeJson("{"), "Avro schema: not JSON");
  EXPECT_EQ(DescribeJson(""), "Avro schema: not JSON");
  EXPECT_EQ(DescribeJson("7"),
            "Avro schema: a type that is neither name, list nor object");
  EXPECT_EQ(DescribeJson(R"("lnog")"), "Avro schema: unknown type 'lnog'");
  EXPECT_EQ(DescribeJson(R"({"name":"x"})"), "Avro schema: a type object without `type`");
  EXPECT_EQ(DescribeJson(R"([["null"]])"),
            "Avro schema: a union directly inside a union");
  EXPECT_EQ(DescribeJson(R"({"type":"record","name":"r"})"),
            "Avro schema: a record without fields");
  EXPECT_EQ(DescribeJson(R"({"type":"record","name":"r","fields":[{"name":"x"}]})"),
            "Avro schema: a record field without a type");
  EXPECT_EQ(DescribeJson(R"({"type":"array"})"),
            "Avro schema: array without the type of its items");
  for (const char* size : {"-1", "1.5", "\"4\"", "99999999999", "18446744073709551615"}) {
    EXPECT_EQ(
        DescribeJson(std::string(R"({"type":"fixed","name":"f","size":)") + size + "}"),
        "Avro schema: a fixed type without a proper size");
  }
}

TEST(AvroSchemaTest, TooDeepNestingIsCorruptAndNotAStackOverflow) {
  std::string json;
  for (int i = 0; i < 100'000; ++i) {
    json += R"({"type":"array","items":)";
  }
  const auto schema = WriterSchema::Parse(json + "\"int\"" + std::string(100'000, '}'));
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(schema.error().message, "Avro schema: nested deeper than 64");
}

}  // namespace
}  // namespace calve::table::avro
