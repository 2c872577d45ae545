#include "table/commit/table_update.h"

#include <string>
#include <vector>

#include "table/commit/commit_fixture.h"

namespace calve::table {
namespace {

using testing::Column;
using testing::kOrders;
using testing::Lake;
using testing::OrdersDefinition;

constexpr FieldId kId{1};
constexpr FieldId kDay{2};
constexpr FieldId kNote{3};

Type Simple(TypeId id) {
  return Column(0, "", id).type;
}

/// `1:id long!, 2:day date, …`
std::string Show(const Schema& schema) {
  std::string text;
  for (const Field& field : schema.fields) {
    text += (text.empty() ? "" : ", ") + std::to_string(field.id.value) + ":" +
            field.name + " " + PrimitiveTypeName(field.type) +
            (field.required ? "!" : "");
  }
  return text;
}

class TableUpdateTest : public ::testing::Test {
 protected:
  TableUpdateTest() : update_(lake_.Create(OrdersDefinition())) {
    lake_.MustCommit(update_);
    update_ = lake_.Update();
  }

  Lake lake_;
  TableUpdate update_;
};

TEST_F(TableUpdateTest, AFreshUpdateIsEmpty) {
  EXPECT_TRUE(update_.empty());
  EXPECT_FALSE(update_.makes_snapshot());
}

TEST_F(TableUpdateTest, ANewTableIsNotEmpty) {
  EXPECT_FALSE(lake_.Create(OrdersDefinition(testing::kHistory)).empty());
}

TEST_F(TableUpdateTest, AddedColumnsGetFreshIdsAndKeepTheirDocs) {
  Field doc = Column(0, "b", TypeId::kString);
  doc.doc = "what it is";
  ASSERT_TRUE(update_.AddColumns({Column(1, "a", TypeId::kInt), doc}));
  EXPECT_EQ(Show(update_.metadata().schema()),
            "1:id long!, 2:day date, 3:note string, 4:a int, 5:b string");
  EXPECT_EQ(update_.metadata().schema().fields.back().doc, "what it is");
  EXPECT_EQ(update_.metadata().last_column_id, 5);
}

TEST_F(TableUpdateTest, AllSchemaChangesOfAnUpdateMakeOneVersion) {
  ASSERT_TRUE(update_.AddColumns({Column(0, "a", TypeId::kInt)}));
  ASSERT_TRUE(update_.PromoteColumn({4}, Simple(TypeId::kLong)));
  ASSERT_TRUE(update_.RenameColumn(kNote, "remark"));
  ASSERT_TRUE(update_.AddColumns({Column(0, "note", TypeId::kDouble)}));
  const TableMetadata metadata = lake_.MustCommit(update_).metadata;
  ASSERT_EQ(metadata.schemas.size(), 2U);
  EXPECT_EQ(Show(metadata.schemas[0]), "1:id long!, 2:day date, 3:note string");
  EXPECT_EQ(Show(metadata.schema()),
            "1:id long!, 2:day date, 3:remark string, 4:a long, 5:note double");
  EXPECT_EQ(metadata.current_schema_id, 1);
}

TEST_F(TableUpdateTest, ARequiredColumnCanBecomeOptional) {
  ASSERT_TRUE(update_.MakeOptional(kId));
  EXPECT_EQ(Show(lake_.MustCommit(update_).metadata.schema()),
            "1:id long, 2:day date, 3:note string");
}

TEST_F(TableUpdateTest, AnIdIsNeverUsedTwice) {
  ASSERT_TRUE(update_.AddColumns({Column(0, "a", TypeId::kInt)}));
  lake_.MustCommit(update_);
  update_ = lake_.Update();
  ASSERT_TRUE(update_.DropColumn({4}));
  ASSERT_TRUE(update_.AddColumns({Column(0, "a", TypeId::kInt)}));
  EXPECT_EQ(Show(lake_.MustCommit(update_).metadata.schema()),
            "1:id long!, 2:day date, 3:note string, 5:a int");
}

TEST_F(TableUpdateTest, ChangesThatTheSchemaForbidsAreInvalidAndChangeNothing) {
  const TableMetadata before = update_.metadata();
  const auto invalid = FailsWith(ErrorKind::kInvalidArgument);
  EXPECT_THAT(update_.AddColumns({Column(0, "note", TypeId::kInt)}), invalid);
  EXPECT_THAT(update_.AddColumns({Column(0, "", TypeId::kInt)}), invalid);
  EXPECT_THAT(update_.AddColumns({Column(0, "a", TypeId::kInt, /*required=*/true)}),
              invalid);
  EXPECT_THAT(update_.PromoteColumn(kNote, Simple(TypeId::kLong)), invalid);
  EXPECT_THAT(update_.PromoteColumn({9}, Simple(TypeId::kLong)), invalid);
  EXPECT_THAT(update_.MakeOptional({9}), invalid);
  EXPECT_THAT(update_.RenameColumn(kNote, "id"), invalid);
  EXPECT_THAT(update_.RenameColumn({9}, "x"), invalid);
  EXPECT_THAT(update_.DropColumn(kDay), invalid);
  EXPECT_THAT(update_.DropColumn({9}), invalid);
  EXPECT_THAT(update_.Rollback({42}), invalid);
  EXPECT_EQ(update_.metadata(), before);
  EXPECT_TRUE(update_.empty());
}

TEST_F(TableUpdateTest, ColumnsOfSortOrderAndIdentifierCannotBeDropped) {
  TableDefinition definition = OrdersDefinition(testing::kHistory);
  definition.sort_order.fields = {{.source_id = kNote, .transform = {}}};
  definition.schema.identifier_field_ids = {kId};
  TableUpdate update = lake_.Create(definition);
  EXPECT_THAT(update.DropColumn(kNote), FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(update.DropColumn(kId), FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(update.MakeOptional(kId), FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(TableUpdateTest, AColumnCannotTakeAPartitionFieldsName) {
  TableDefinition definition = OrdersDefinition(testing::kHistory);
  definition.spec.fields[0].name = "day_month";
  definition.spec.fields[0].transform.kind = TransformKind::kMonth;
  TableUpdate update = lake_.Create(definition);
  EXPECT_THAT(update.AddColumns({Column(0, "day_month", TypeId::kInt)}),
              FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(TableUpdateTest, ChangesWithoutEffectMakeNoSchema) {
  ASSERT_TRUE(update_.AddColumns({}));
  ASSERT_TRUE(update_.RenameColumn(kNote, "note"));
  ASSERT_TRUE(update_.MakeOptional(kNote));
  ASSERT_TRUE(update_.PromoteColumn(kNote, Simple(TypeId::kString)));
  update_.RemoveProperty("not there");
  EXPECT_TRUE(update_.empty());
}

TEST_F(TableUpdateTest, PropertiesAreSetAndRemoved) {
  update_.SetProperty("a", "1");
  update_.SetProperty("b", "2");
  update_.RemoveProperty("write.parquet.compression-codec");
  EXPECT_EQ(lake_.MustCommit(update_).metadata.properties,
            (Properties{{"a", "1"},
                        {"b", "2"},
                        {"write.metadata.delete-after-commit.enabled", "true"}}));
}

TEST_F(TableUpdateTest, FilesThatDoNotFitTheTableAreInvalid) {
  const auto invalid = FailsWith(ErrorKind::kInvalidArgument);
  const DataFile data = lake_.Data("a");
  EXPECT_THAT(update_.Append({lake_.Deletes("d", data)}), invalid);
  EXPECT_THAT(update_.ChangeRows({.added_data = {}, .added_deletes = {data}}), invalid);
  EXPECT_THAT(update_.Append({data, data}), invalid);
  DataFile other = data;
  other.spec_id = 7;
  EXPECT_THAT(update_.Append({other}), invalid);
  other = data;
  other.partition.clear();
  EXPECT_THAT(update_.Append({other}), invalid);
  EXPECT_TRUE(update_.empty());
}

TEST_F(TableUpdateTest, AnUpdateMakesOneSnapshotOnly) {
  ASSERT_TRUE(update_.Append({lake_.Data("a")}));
  EXPECT_THAT(update_.Append({lake_.Data("b")}), FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(update_.ChangeRows({}), FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(update_.ReplaceFiles({}), FailsWith(ErrorKind::kInvalidArgument));
}

TEST(NewSnapshotIdTest, IdsArePositiveAndDiffer) {
  calve::testing::SeededUuids uuids(1);
  std::set<SnapshotId> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.insert(NewSnapshotId(uuids));
  }
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_GT(ids.begin()->value, 0);
}

}  // namespace
}  // namespace calve::table
