#include "table/metadata/table_metadata_json.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "table/metadata/example_metadata.h"
#include "table/schema/generators.h"

namespace calve::table {
namespace {

using nlohmann::json;

json ExampleJson() {
  return json::parse(TableMetadataToJson(ExampleMetadata()));
}

TableMetadata ReadOrFail(const std::string& text) {
  auto metadata = TableMetadataFromJson(text);
  EXPECT_TRUE(metadata) << metadata.error().message;
  return metadata ? *std::move(metadata) : TableMetadata{};
}

std::string ErrorOf(const std::string& text) {
  const auto metadata = TableMetadataFromJson(text);
  if (metadata) {
    return "accepted";
  }
  return (metadata.error().kind == ErrorKind::kCorrupt       ? "corrupt: "
          : metadata.error().kind == ErrorKind::kUnsupported ? "unsupported: "
                                                             : "other: ") +
         metadata.error().message;
}

std::string ErrorWith(const char* path, const json& value) {
  json changed = ExampleJson();
  changed[json::json_pointer(path)] = value;
  return ErrorOf(changed.dump());
}

std::string ErrorWithout(const char* path) {
  const json remove = json::array({{{"op", "remove"}, {"path", path}}});
  return ErrorOf(ExampleJson().patch(remove).dump());
}

TEST(TableMetadataJsonTest, WritesTheSpecsForm) {
  EXPECT_EQ(ExampleJson(), json::parse(R"({
    "format-version": 2,
    "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1",
    "location": "/lake/orders",
    "last-sequence-number": 2, "last-updated-ms": 2000, "last-column-id": 4,
    "current-schema-id": 1,
    "schemas": [
      {"type": "struct", "schema-id": 0, "identifier-field-ids": [1], "fields": [
        {"id": 1, "name": "id", "required": true, "type": "long", "doc": "the key"},
        {"id": 2, "name": "at", "required": false, "type": "timestamptz"}]},
      {"type": "struct", "schema-id": 1, "identifier-field-ids": [1], "fields": [
        {"id": 1, "name": "id", "required": true, "type": "long", "doc": "the key"},
        {"id": 2, "name": "at", "required": false, "type": "timestamptz"},
        {"id": 3, "name": "tags", "required": false, "type": {"type": "list",
          "element-id": 4, "element-required": false, "element": "string"}}]}],
    "default-spec-id": 0,
    "partition-specs": [{"spec-id": 0, "fields": [
      {"source-id": 2, "field-id": 1000, "name": "at_day", "transform": "day"}]}],
    "last-partition-id": 1000,
    "default-sort-order-id": 1,
    "sort-orders": [{"order-id": 0, "fields": []}, {"order-id": 1, "fields": [
      {"source-id": 1, "transform": "identity", "direction": "asc",
       "null-order": "nulls-last"}]}],
    "properties": {"owner": "calve"},
    "current-snapshot-id": 12,
    "refs": {"audit": {"snapshot-id": 11, "type": "tag", "max-ref-age-ms": 86400000},
             "main": {"snapshot-id": 12, "type": "branch"}},
    "snapshots": [
      {"snapshot-id": 11, "sequence-number": 1, "timestamp-ms": 1000, "schema-id": 0,
       "manifest-list": "/lake/orders/metadata/snap-11.avro",
       "summary": {"operation": "append", "added-records": "3"}},
      {"snapshot-id": 12, "parent-snapshot-id": 11, "sequence-number": 2,
       "timestamp-ms": 2000, "schema-id": 1,
       "manifest-list": "/lake/orders/metadata/snap-12.avro",
       "summary": {"operation": "overwrite"}}],
    "snapshot-log": [{"timestamp-ms": 1000, "snapshot-id": 11},
                     {"timestamp-ms": 2000, "snapshot-id": 12}],
    "metadata-log": [{"timestamp-ms": 1000,
                      "metadata-file": "/lake/orders/metadata/00001.metadata.json"}]})"));
}

TEST(TableMetadataJsonTest, TheExampleComesBack) {
  EXPECT_TRUE(ReadOrFail(TableMetadataToJson(ExampleMetadata())) == ExampleMetadata());
}

TEST(TableMetadataJsonTest, FormatVersionComesFirst) {
  EXPECT_TRUE(TableMetadataToJson(ExampleMetadata())
                  .starts_with(R"({"format-version":2,"table-uuid":)"));
}

RC_GTEST_PROP(TableMetadataJsonTest, AnySchemaComesBackInsideItsTable, ()) {
  TableMetadata metadata = ExampleMetadata();
  metadata.schemas = {*AnySchema()};
  metadata.current_schema_id = metadata.schemas[0].schema_id;
  metadata.last_column_id = metadata.schemas[0].HighestFieldId().value;
  metadata.partition_specs = {{}};
  metadata.sort_orders = {{}};
  metadata.default_sort_order_id = 0;
  metadata.properties[PickText()] = PickText();
  const auto read = TableMetadataFromJson(TableMetadataToJson(metadata));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == metadata);
}

TEST(TableMetadataJsonTest, MembersThatAreNotKnownComeBack) {
  json with_more = ExampleJson();
  with_more["format-version"] = 3;
  with_more["next-row-id"] = 17;
  with_more["statistics"] = json::array({{{"snapshot-id", 12}, {"blobs", {1, nullptr}}}});
  with_more["snapshots"][1]["first-row-id"] = 5;
  with_more["schemas"][0]["fields"][1]["write-default"] = "2024-01-31T00:00:00+00:00";
  const TableMetadata metadata = ReadOrFail(with_more.dump());
  EXPECT_EQ(metadata.format_version, 3);
  EXPECT_EQ(json::parse(metadata.unknown_members),
            json({{"next-row-id", 17}, {"statistics", with_more["statistics"]}}));
  EXPECT_EQ(metadata.snapshots[1].unknown_members, R"({"first-row-id":5})");
  EXPECT_EQ(json::parse(TableMetadataToJson(metadata)), with_more);
}

TEST(TableMetadataJsonTest, TextThatIsNoUtf8IsStillWrittenAsJson) {
  TableMetadata metadata = ExampleMetadata();
  metadata.properties["bad"] = "\xff";
  EXPECT_TRUE(TableMetadataFromJson(TableMetadataToJson(metadata)));
}

TEST(TableMetadataJsonTest, MainIsTheCurrentSnapshotWhereRefsAreLeftOut) {
  json without_refs = ExampleJson();
  without_refs.erase("refs");
  const TableMetadata metadata = ReadOrFail(without_refs.dump());
  ASSERT_EQ(metadata.refs.size(), 1U);
  EXPECT_EQ(metadata.refs.at("main").snapshot_id, SnapshotId{12});
}

TEST(TableMetadataJsonTest, AnEmptyTableMaySayItInThreeWays) {
  json empty = ExampleJson();
  for (const char* name : {"current-snapshot-id", "snapshots", "refs", "snapshot-log",
                           "metadata-log", "properties"}) {
    empty.erase(name);
  }
  const TableMetadata absent = ReadOrFail(empty.dump());
  EXPECT_FALSE(absent.current_snapshot_id);
  EXPECT_TRUE(absent.refs.empty());
  empty["current-snapshot-id"] = -1;
  EXPECT_TRUE(ReadOrFail(empty.dump()) == absent);
  empty["current-snapshot-id"] = nullptr;
  EXPECT_TRUE(ReadOrFail(empty.dump()) == absent);
  EXPECT_TRUE(ReadOrFail(TableMetadataToJson(absent)) == absent);
}

TEST(TableMetadataJsonTest, TheLocationLosesItsTrailingSlash) {
  json slashed = ExampleJson();
  slashed["location"] = "s3://lake/orders/";
  EXPECT_EQ(ReadOrFail(slashed.dump()).location, "s3://lake/orders");
}

TEST(TableMetadataJsonTest, LastIdsAreRaisedToThoseInUse) {
  json behind = ExampleJson();
  behind["last-column-id"] = 1;
  behind["last-partition-id"] = 999;
  const TableMetadata metadata = ReadOrFail(behind.dump());
  EXPECT_EQ(metadata.last_column_id, 4);
  EXPECT_EQ(metadata.last_partition_id, 1000);
}

TEST(TableMetadataJsonTest, OldestVersion1IsReadAsVersion2) {
  const TableMetadata metadata = ReadOrFail(R"({
    "format-version": 1, "location": "/lake/old", "last-updated-ms": 5,
    "last-column-id": 1,
    "schema": {"type": "struct", "fields": [
      {"id": 1, "name": "at", "required": false, "type": "date"}]},
    "partition-spec": [{"source-id": 1, "name": "at_month", "transform": "month"}],
    "current-snapshot-id": 7,
    "snapshots": [{"snapshot-id": 7, "timestamp-ms": 5, "manifest-list": "/l"}]})");
  TableMetadata expected;
  expected.location = "/lake/old";
  expected.last_updated_ms = 5;
  expected.last_column_id = 1;
  Schema schema;
  schema.fields = {{FieldId{1}, "at", TypeOf(TypeId::kDate), false, ""}};
  expected.schemas = {schema};
  expected.partition_specs = {
      {0, {{FieldId{1}, FieldId{1000}, "at_month", {TransformKind::kMonth}}}}};
  expected.last_partition_id = 1000;
  expected.sort_orders = {{}};
  expected.current_snapshot_id = SnapshotId{7};
  Snapshot snapshot;
  snapshot.snapshot_id = SnapshotId{7};
  snapshot.timestamp_ms = 5;
  snapshot.manifest_list = "/l";
  expected.snapshots = {snapshot};
  expected.refs["main"].snapshot_id = SnapshotId{7};
  EXPECT_TRUE(metadata == expected);
}

TEST(TableMetadataJsonTest, NewerVersion1UsesItsListsAndDropsTheOldMembers) {
  json version1 = ExampleJson();
  version1["format-version"] = 1;
  version1["schema"] = version1["schemas"][0];
  version1["partition-spec"] = json::array();
  version1.erase("last-sequence-number");
  const TableMetadata metadata = ReadOrFail(version1.dump());
  TableMetadata expected = ExampleMetadata();
  expected.last_sequence_number = 0;
  for (Snapshot& snapshot : expected.snapshots) {
    snapshot.sequence_number = 0;
  }
  EXPECT_TRUE(metadata == expected);
}

TEST(TableMetadataJsonTest, LaterVersionsAreUnsupported) {
  EXPECT_EQ(ErrorWith("/format-version", 4),
            "unsupported: format-version: 4 is not known");
  EXPECT_EQ(ErrorWith("/schemas/1/fields/0/type", "variant"),
            "unsupported: schemas[1].fields[0].type: type of format version 3: "
            "'variant'");
  EXPECT_EQ(ErrorWith("/partition-specs/0/fields/0/transform", "zorder"),
            "unsupported: partition-specs[0].fields[0].transform: unknown transform: "
            "'zorder'");
}

TEST(TableMetadataJsonTest, SnapshotsWithoutAManifestListAreUnsupported) {
  json old = ExampleJson();
  old["snapshots"][0].erase("manifest-list");
  old["snapshots"][0]["manifests"] = json::array({"/m"});
  EXPECT_EQ(ErrorOf(old.dump()),
            "unsupported: snapshots[0].manifests: a snapshot without a manifest list "
            "cannot be read");
}

TEST(TableMetadataJsonTest, CompressedFilesAreUnsupported) {
  EXPECT_EQ(ErrorOf("\x1f\x8b\x08"), "unsupported: table metadata: compressed by gzip");
}

TEST(TableMetadataJsonTest, MissingMembersAreNamed) {
  for (const char* name :
       {"format-version", "table-uuid", "location", "last-sequence-number",
        "last-updated-ms", "last-column-id", "schemas", "current-schema-id",
        "partition-specs", "default-spec-id", "last-partition-id", "sort-orders",
        "default-sort-order-id"}) {
    EXPECT_EQ(ErrorWithout(("/" + std::string(name)).c_str()),
              "corrupt: " + std::string(name) + ": missing");
  }
  EXPECT_EQ(ErrorWithout("/snapshots/1/timestamp-ms"),
            "corrupt: snapshots[1].timestamp-ms: missing");
  EXPECT_EQ(ErrorWithout("/snapshots/0/manifest-list"),
            "corrupt: snapshots[0].manifest-list: missing");
  EXPECT_EQ(ErrorWithout("/refs/audit/type"), "corrupt: refs.audit.type: missing");
  EXPECT_EQ(ErrorWithout("/metadata-log/0/metadata-file"),
            "corrupt: metadata-log[0].metadata-file: missing");
}

TEST(TableMetadataJsonTest, MembersOfAWrongTypeAreNamed) {
  EXPECT_EQ(ErrorWith("/format-version", "2"),
            "corrupt: format-version: expected an integer");
  EXPECT_EQ(ErrorWith("/format-version", 0),
            "corrupt: format-version: there is no such version");
  EXPECT_EQ(ErrorWith("/table-uuid", 1), "corrupt: table-uuid: expected a string");
  EXPECT_EQ(ErrorWith("/last-column-id", 4294967296),
            "corrupt: last-column-id: outside 32 bits");
  EXPECT_EQ(ErrorWith("/schemas", json::object()), "corrupt: schemas: expected an array");
  EXPECT_EQ(ErrorWith("/snapshots/1", 3), "corrupt: snapshots[1]: expected an object");
  EXPECT_EQ(ErrorWith("/snapshots/1/snapshot-id", 18446744073709551615U),
            "corrupt: snapshots[1].snapshot-id: outside 64 bits");
  EXPECT_EQ(ErrorWith("/snapshots/1/summary/operation", 3),
            "corrupt: snapshots[1].summary.operation: expected a string");
  EXPECT_EQ(ErrorWith("/properties", "x"), "corrupt: properties: expected an object");
  EXPECT_EQ(ErrorWith("/refs", json::array()), "corrupt: refs: expected an object");
  EXPECT_EQ(ErrorWith("/refs/audit", 1), "corrupt: refs.audit: expected an object");
  EXPECT_EQ(ErrorWith("/refs/audit/type", "fork"),
            "corrupt: refs.audit.type: expected branch or tag");
  EXPECT_EQ(ErrorWith("/snapshot-log/0/snapshot-id", nullptr),
            "corrupt: snapshot-log[0].snapshot-id: missing");
}

TEST(TableMetadataJsonTest, IdsThatPointNowhereAreNamed) {
  EXPECT_EQ(ErrorWith("/current-snapshot-id", 99),
            "corrupt: current-snapshot-id: 99 is not there");
  EXPECT_EQ(ErrorWith("/snapshots/0/parent-snapshot-id", 12),
            "corrupt: snapshots: 11 is its own ancestor");
}

TEST(TableMetadataJsonTest, WhatIsNoJsonObjectIsCorrupt) {
  EXPECT_EQ(ErrorOf(""), "corrupt: not a JSON text");
  EXPECT_EQ(ErrorOf("[]"), "corrupt: table metadata: expected a JSON object");
  EXPECT_EQ(ErrorOf("null"), "corrupt: table metadata: expected a JSON object");
  EXPECT_EQ(ErrorOf(R"({"format-version":2}})"), "corrupt: not a JSON text");
  EXPECT_EQ(ErrorOf(R"({"a":)" + std::string(100'000, '[')),
            "corrupt: JSON nests deeper than 200 levels");
}

TEST(TableMetadataJsonTest, NoCutOfTheTextIsAccepted) {
  const std::string text = TableMetadataToJson(ExampleMetadata());
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(ErrorOf(text.substr(0, length)), "corrupt: not a JSON text");
  }
}

/// All places in a JSON value.
void CollectPaths(const json& value, const json::json_pointer& here,
                  std::vector<json::json_pointer>& paths) {
  paths.push_back(here);
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) {
      CollectPaths(inner, here / name, paths);
    }
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      CollectPaths(value[i], here / i, paths);
    }
  }
}

// Whatever stands wherever: it is read, or refused as corrupt or unsupported; and what
// was read can be written and read again.
TEST(TableMetadataJsonTest, AnythingAnywhereIsReadOrRefused) {
  const json example = ExampleJson();
  std::vector<json::json_pointer> paths;
  CollectPaths(example, json::json_pointer(), paths);
  const json deep = json::parse(std::string(150, '[') + std::string(150, ']'));
  const std::vector<json> values = {nullptr,
                                    true,
                                    -1,
                                    2147483648,
                                    9223372036854775808U,
                                    1e300,
                                    "",
                                    "long",
                                    json::object(),
                                    deep,
                                    json::array(),
                                    json::array({1}),
                                    "struct",
                                    0,
                                    -2147483649,
                                    "fixed[2147483647]",
                                    "bucket[2147483647]",
                                    {{"type", "list"}},
                                    {{"type", "struct"}}};
  for (const auto& path : paths) {
    for (const json& value : values) {
      json changed = example;
      changed[path] = value;
      const auto read = TableMetadataFromJson(changed.dump());
      if (read) {
        EXPECT_TRUE(ReadOrFail(TableMetadataToJson(*read)) == *read)
            << path.to_string() << " = " << value;
      } else {
        EXPECT_TRUE(read.error().kind == ErrorKind::kCorrupt ||
                    read.error().kind == ErrorKind::kUnsupported)
            << path.to_string() << " = " << value;
      }
    }
  }
}

}  // namespace
}  // namespace calve::table
