#include "table/data/partition_rows.h"

#include <algorithm>
#include <map>
#include <string>

#include <rapidcheck.h>

#include "table/data/arrow_literal.h"
#include "table/data/data_fixture.h"

namespace calve::table::testing {
namespace {

Schema EventSchema() {
  Schema schema;
  schema.fields = {Column(1, "at", TypeOf(TypeId::kTimestamptz)),
                   Column(2, "kind", TypeOf(TypeId::kString)),
                   Column(3, "id", TypeOf(TypeId::kLong))};
  return schema;
}

PartitionField FieldOf(int32_t source, int32_t id, std::string name,
                       Transform transform) {
  return {.source_id = FieldId{source},
          .field_id = FieldId{id},
          .name = std::move(name),
          .transform = transform};
}

PartitionSpec DayPartition() {
  return {.spec_id = 1, .fields = {FieldOf(1, 1000, "at_day", {TransformKind::kDay, 0})}};
}

PartitionSpec DayAndKindSpec() {
  PartitionSpec spec = DayPartition();
  spec.fields.push_back(FieldOf(2, 1001, "kind", {TransformKind::kIdentity, 0}));
  return spec;
}

/// `values: rows` of each part, in the order of parts.
std::vector<std::string> Show(const PartitionSpec& spec, const BatchPtr& batch) {
  const auto splitter = PartitionSplitter::Make(spec, EventSchema());
  EXPECT_TRUE(splitter) << splitter.error().message;
  const auto parts = splitter->Split(batch);
  EXPECT_TRUE(parts) << parts.error().message;
  const Type type = *PartitionType(spec, EventSchema());
  std::vector<std::string> shown;
  for (const PartitionRows& part : *parts) {
    std::string text = PartitionPath(spec, type, part.values) + ":";
    for (int64_t row = 0; row < part.rows->num_rows(); ++row) {
      text += " " + part.rows->column(2)->GetScalar(row).ValueOrDie()->ToString();
    }
    shown.push_back(text);
  }
  return shown;
}

TEST(PartitionRowsTest, ABatchOfOneDayIsNotCopied) {
  const BatchPtr batch =
      FromJson(EventSchema(),
               R"([["2024-01-31 00:00:00", "I", 1], ["2024-01-31 23:59:59", "U", 2]])");
  const auto splitter = PartitionSplitter::Make(DayPartition(), EventSchema());
  const auto parts = splitter->Split(batch);
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 1U);
  EXPECT_EQ(parts->front().rows, batch);
  EXPECT_EQ(parts->front().values, PartitionValues{Literal(int32_t{19753})});
}

TEST(PartitionRowsTest, RowsKeepTheirOrderWithinAPartition) {
  const BatchPtr batch = FromJson(
      EventSchema(), R"([["2024-01-31 00:00:00", "I", 1], ["2024-02-01 00:00:00", "I", 2],
                         ["2024-01-31 23:59:59.999999", "I", 3], [null, "I", 4]])");
  EXPECT_EQ(Show(DayPartition(), batch),
            (std::vector<std::string>{"at_day=2024-01-31: 1 3", "at_day=2024-02-01: 2",
                                      "at_day=null: 4"}));
}

TEST(PartitionRowsTest, PartitionsWhoseRowsLieTogetherAreSlices) {
  const BatchPtr batch = FromJson(
      EventSchema(), R"([["1969-12-31 23:59:59", "I", 1], ["1970-01-01 00:00:00", "I", 2],
                         ["1970-01-01 00:00:00", "I", 3]])");
  const auto splitter = PartitionSplitter::Make(DayPartition(), EventSchema());
  const auto parts = splitter->Split(batch);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[1].rows->column(2)->data()->buffers[1],
            batch->column(2)->data()->buffers[1]);
  EXPECT_EQ(Show(DayPartition(), batch),
            (std::vector<std::string>{"at_day=1969-12-31: 1", "at_day=1970-01-01: 2 3"}));
}

TEST(PartitionRowsTest, FieldsOfASpecAreCombined) {
  const BatchPtr batch =
      FromJson(EventSchema(),
               R"([["2024-01-31 00:00:00", "I", 1], ["2024-01-31 00:00:00", null, 2],
                         ["2024-02-01 00:00:00", "I", 3], ["2024-01-31 00:00:00", "", 4]])");
  EXPECT_EQ(Show(DayAndKindSpec(), batch),
            (std::vector<std::string>{
                "at_day=2024-01-31/kind=I: 1", "at_day=2024-01-31/kind=null: 2",
                "at_day=2024-02-01/kind=I: 3", "at_day=2024-01-31/kind=: 4"}));
}

TEST(PartitionRowsTest, AnEmptyBatchHasNoParts) {
  EXPECT_EQ(Show(DayPartition(), FromJson(EventSchema(), "[]")),
            std::vector<std::string>{});
}

TEST(PartitionRowsTest, AVoidFieldIsNullForAllRows) {
  const PartitionSpec spec{
      .spec_id = 2, .fields = {FieldOf(2, 1000, "gone", {TransformKind::kVoid, 0})}};
  EXPECT_EQ(Show(spec, FromJson(EventSchema(), R"([[null, "a", 1], [null, "b", 2]])")),
            std::vector<std::string>{"gone=null: 1 2"});
}

TEST(PartitionRowsTest, AMissingSourceColumnIsRefused) {
  const PartitionSpec spec{
      .spec_id = 2, .fields = {FieldOf(9, 1000, "x", {TransformKind::kIdentity, 0})}};
  const auto splitter = PartitionSplitter::Make(spec, EventSchema());
  ASSERT_FALSE(splitter);
  EXPECT_EQ(splitter.error().kind, ErrorKind::kInvalidArgument);
}

/// The columns of a random batch: many repeats, some nulls.
BatchPtr RandomBatch() {
  const auto rows = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 200));
  arrow::TimestampBuilder at(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                             arrow::default_memory_pool());
  arrow::StringBuilder kind;
  arrow::Int64Builder id;
  for (size_t row = 0; row < rows.size(); ++row) {
    const int seed = rows[row];
    const bool no_time = seed % 17 == 0;
    EXPECT_TRUE(
        (no_time ? at.AppendNull() : at.Append((seed % 5 - 2) * 86'400'000'000LL + seed))
            .ok());
    EXPECT_TRUE(
        (seed % 7 == 0 ? kind.AppendNull() : kind.Append(std::string(seed % 3, 'k')))
            .ok());
    EXPECT_TRUE(id.Append(static_cast<int64_t>(row)).ok());
  }
  return arrow::RecordBatch::Make(
      ToArrow(EventSchema()), static_cast<int64_t>(rows.size()),
      {at.Finish().ValueOrDie(), kind.Finish().ValueOrDie(), id.Finish().ValueOrDie()});
}

PartitionSpec RandomSpec() {
  PartitionSpec spec{.spec_id = 3, .fields = {}};
  const std::vector<PartitionField> choice = {
      FieldOf(1, 1000, "day", {TransformKind::kDay, 0}),
      FieldOf(1, 1001, "hour", {TransformKind::kHour, 0}),
      FieldOf(2, 1002, "kind", {TransformKind::kIdentity, 0}),
      FieldOf(2, 1003, "start", {TransformKind::kTruncate, 1}),
      FieldOf(3, 1004, "bucket", {TransformKind::kBucket, 4})};
  for (const PartitionField& field : choice) {
    if (*rc::gen::arbitrary<bool>()) {
      spec.fields.push_back(field);
    }
  }
  return spec;
}

TEST(PartitionRowsTest, EveryRowLandsOnceInThePartitionOfItsOwnValues) {
  EXPECT_TRUE(rc::check([] {
    const BatchPtr whole = RandomBatch();
    const BatchPtr batch = whole->Slice(std::min<int64_t>(1, whole->num_rows()));
    const PartitionSpec spec = RandomSpec();
    const Schema schema = EventSchema();
    const auto parts = PartitionSplitter::Make(spec, schema)->Split(batch);
    RC_ASSERT(parts.has_value());
    std::vector<std::string> rows;
    std::map<std::string, int> partitions;
    for (const PartitionRows& part : *parts) {
      RC_ASSERT(++partitions[PartitionKey(*PartitionType(spec, schema), part.values)] ==
                1);
      const auto texts = RowsOf(*part.rows);
      rows.insert(rows.end(), texts.begin(), texts.end());
      for (int64_t row = 0; row < part.rows->num_rows(); ++row) {
        for (size_t field = 0; field < spec.fields.size(); ++field) {
          const Field& source = *schema.Find(spec.fields[field].source_id);
          const auto at = static_cast<int>(&source - schema.fields.data());
          const auto value = LiteralAt(*part.rows->column(at), source.type, row);
          RC_ASSERT(ApplyTransform(spec.fields[field].transform, source.type, value) ==
                    part.values[field]);
        }
      }
    }
    auto expected = RowsOf(*batch);
    std::ranges::sort(rows);
    std::ranges::sort(expected);
    RC_ASSERT(rows == expected);
  }));
}

}  // namespace
}  // namespace calve::table::testing
