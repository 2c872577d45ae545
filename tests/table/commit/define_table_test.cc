#include <string>

#include "table/commit/commit_fixture.h"

namespace calve::table {
namespace {

using testing::Column;
using testing::Lake;
using testing::OrdersDefinition;

class DefineTableTest : public ::testing::Test {
 protected:
  Result<LoadedTable> Define() { return DefineTable(lake_.context(), definition_); }

  Lake lake_;
  TableDefinition definition_ = OrdersDefinition();
};

TEST_F(DefineTableTest, ANewTableHasFreshIdsAndNoSnapshot) {
  definition_.schema.fields[0].id = {70};
  definition_.schema.fields[1].id = {80};
  definition_.schema.fields[2].id = {90};
  definition_.schema.identifier_field_ids = {{70}};
  definition_.spec.fields[0].source_id = {80};
  definition_.sort_order.fields = {{.source_id = {90}, .transform = {}}};
  const auto table = Define();
  ASSERT_TRUE(table) << table.error().message;
  const TableMetadata& metadata = table->metadata;

  EXPECT_EQ(table->metadata_location, "");
  EXPECT_EQ(metadata.location, "memory://lake/marts/orders");
  EXPECT_EQ(metadata.last_updated_ms, 1'700'000'000'000);
  EXPECT_EQ(metadata.format_version, 2);
  EXPECT_EQ(metadata.table_uuid.size(), 36U);
  EXPECT_EQ(metadata.schema().fields, (std::vector{Column(1, "id", TypeId::kLong, true),
                                                   Column(2, "day", TypeId::kDate),
                                                   Column(3, "note", TypeId::kString)}));
  EXPECT_EQ(metadata.schema().identifier_field_ids, std::vector{FieldId{1}});
  EXPECT_EQ(metadata.last_column_id, 3);
  EXPECT_EQ(metadata.partition_spec().fields,
            (std::vector{PartitionField{
                .source_id = {2}, .field_id = {1000}, .name = "day", .transform = {}}}));
  EXPECT_EQ(metadata.last_partition_id, 1000);
  EXPECT_EQ(metadata.sort_order(),
            (SortOrder{.order_id = 1, .fields = {{.source_id = {3}, .transform = {}}}}));
  EXPECT_EQ(metadata.properties,
            (Properties{{"write.metadata.delete-after-commit.enabled", "true"},
                        {"write.parquet.compression-codec", "zstd"}}));
  EXPECT_EQ(metadata.current_snapshot(), nullptr);
}

TEST_F(DefineTableTest, NestedFieldsAreNumberedAfterTheLevelAbove) {
  Field tags = Column(9, "tags", TypeId::kList);
  tags.type.children = {Column(10, "element", TypeId::kString)};
  definition_.schema.fields.insert(definition_.schema.fields.begin(), tags);
  const auto table = Define();
  ASSERT_TRUE(table) << table.error().message;
  const Schema& schema = table->metadata.schema();
  EXPECT_EQ(schema.fields[0].id.value, 1);
  EXPECT_EQ(schema.fields[0].type.children[0].id.value, 5);
  EXPECT_EQ(table->metadata.last_column_id, 5);
  EXPECT_EQ(table->metadata.partition_spec().fields[0].source_id.value, 3);
}

TEST_F(DefineTableTest, GivenPropertiesAndLocationWin) {
  definition_.properties = {{"write.metadata.delete-after-commit.enabled", "false"},
                            {"write.parquet.compression-codec", "snappy"}};
  definition_.location = "file:///elsewhere/";
  const auto table = Define();
  ASSERT_TRUE(table);
  EXPECT_EQ(table->metadata.properties, definition_.properties);
  EXPECT_EQ(table->metadata.location, "file:///elsewhere");
}

TEST_F(DefineTableTest, AnUnpartitionedUnsortedTableHasSpecAndOrderZero) {
  definition_.spec.fields.clear();
  const auto table = Define();
  ASSERT_TRUE(table);
  EXPECT_EQ(table->metadata.partition_specs, std::vector{PartitionSpec{}});
  EXPECT_EQ(table->metadata.sort_orders, std::vector{SortOrder{}});
  EXPECT_EQ(table->metadata.last_partition_id, 999);
}

TEST_F(DefineTableTest, RepeatedOrEmptyColumnNamesAreInvalid) {
  definition_.schema.fields[2].name = "id";
  EXPECT_THAT(Define(), FailsWith(ErrorKind::kInvalidArgument));
  definition_.schema.fields[2].name = "";
  EXPECT_THAT(Define(), FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(DefineTableTest, ASpecThatDoesNotFitItsColumnIsInvalid) {
  definition_.spec.fields[0].source_id = {99};
  EXPECT_THAT(Define(), FailsWith(ErrorKind::kInvalidArgument));
  definition_.spec.fields[0] = {.source_id = {3},
                                .field_id = {},
                                .name = "note_day",
                                .transform = {.kind = TransformKind::kDay}};
  EXPECT_THAT(Define(), FailsWith(ErrorKind::kInvalidArgument));
  definition_.spec.fields[0] = {.source_id = {2},
                                .field_id = {},
                                .name = "note",
                                .transform = {.kind = TransformKind::kMonth}};
  EXPECT_THAT(Define(), FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(DefineTableTest, ASpecOnARepeatedIdIsInvalid) {
  for (Field& field : definition_.schema.fields) {
    field.id = {0};
  }
  definition_.spec.fields[0].source_id = {0};
  EXPECT_THAT(Define(), FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(DefineTableTest, NamesThatWouldLeaveTheWarehouseAreInvalid) {
  for (const char* name : {"", ".", "..", "../x", "a/b", "a\nb"}) {
    definition_.name = {"marts", name};
    EXPECT_THAT(Define(), FailsWith(ErrorKind::kInvalidArgument)) << name;
  }
}

TEST_F(DefineTableTest, OtherFormatVersionsAreUnsupported) {
  definition_.format_version = 3;
  EXPECT_THAT(Define(), FailsWith(ErrorKind::kUnsupported));
}

}  // namespace
}  // namespace calve::table
