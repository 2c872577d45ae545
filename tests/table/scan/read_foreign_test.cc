#include <string>

#include <arrow/compute/cast.h>
#include <gmock/gmock.h>

#include "table/scan/scan_fixture.h"

namespace calve::table::testing {
namespace {

using ::testing::ElementsAre;

/// Files as other engines write them: without ids, or with other layouts of the same
/// values.
class ReadForeignTest : public ScanTest {
 protected:
  static std::shared_ptr<arrow::Field> Named(
      const std::string& name, const std::shared_ptr<arrow::DataType>& type) {
    return arrow::field(name, type);
  }

  /// Writes one column `c` of the given Arrow type, keeping that type in the file.
  DataFile OneColumn(const std::shared_ptr<arrow::DataType>& type,
                     const std::string& rows) {
    parquet::ArrowWriterProperties::Builder builder;
    return WriteForeign(FromJson(arrow::schema({Named("c", type)}), rows),
                        builder.store_schema()->build());
  }

  static ReadOptions As(Type type) {
    Schema schema;
    schema.fields = {Column(1, "c", std::move(type))};
    return Reading(schema);
  }

  std::vector<std::string> ReadAs(const DataFile& file, Type type) {
    const ReadOptions options = As(std::move(type));
    const auto batches = ReadBatches(TaskOf(file), options);
    EXPECT_TRUE(batches) << batches.error().message;
    for (const BatchPtr& batch : *batches) {
      EXPECT_TRUE(batch->schema()->Equals(*ToArrow(options.projection)));
    }
    return Texts(batches);
  }

  ErrorKind ErrorAs(const DataFile& file, Type type) {
    const auto batches = ReadBatches(TaskOf(file), As(std::move(type)));
    EXPECT_FALSE(batches);
    return batches.error().kind;
  }
};

TEST_F(ReadForeignTest, ColumnsWithoutIdsAreFoundByName) {
  const auto schema =
      arrow::schema({Named("b", arrow::utf8()), Named("a", arrow::int32())});
  const DataFile file = WriteForeign(FromJson(schema, R"([["x", 1], ["y", 2]])"));
  Schema projection;
  projection.fields = {Column(1, "a", TypeOf(TypeId::kLong)),
                       Column(2, "missing", TypeOf(TypeId::kLong)),
                       Column(3, "b", TypeOf(TypeId::kString))};
  EXPECT_THAT(Read(TaskOf(file), Reading(projection)),
              ElementsAre("1|null|x", "2|null|y"));
}

TEST_F(ReadForeignTest, OtherLayoutsOfTextAreText) {
  for (const auto& type :
       {arrow::utf8(), arrow::large_utf8(), arrow::binary(), arrow::large_binary()}) {
    const DataFile file = OneColumn(type, R"([["x"], [null], [""]])");
    EXPECT_THAT(ReadAs(file, TypeOf(TypeId::kString)), ElementsAre("x", "null", ""));
    EXPECT_EQ(ReadAs(file, TypeOf(TypeId::kBinary)).size(), 3U);
  }
}

TEST_F(ReadForeignTest, ViewsAndDictionariesAreDecoded) {
  const BatchPtr plain = FromJson(arrow::schema({Named("c", arrow::utf8())}),
                                  R"([["x"], [null], ["x"], ["a text that is longer"]])");
  for (const auto& type :
       {arrow::utf8_view(), arrow::dictionary(arrow::int32(), arrow::utf8())}) {
    const auto column = arrow::compute::Cast(*plain->column(0), type);
    ASSERT_TRUE(column.ok()) << column.status().message();
    parquet::ArrowWriterProperties::Builder builder;
    const DataFile file = WriteForeign(
        arrow::RecordBatch::Make(arrow::schema({Named("c", type)}), 4, {*column}),
        builder.store_schema()->build());
    EXPECT_THAT(ReadAs(file, TypeOf(TypeId::kString)),
                ElementsAre("x", "null", "x", "a text that is longer"));
  }
}

TEST_F(ReadForeignTest, TextThatIsNotUtf8IsCorrupt) {
  const auto schema = arrow::schema({Named("c", arrow::binary())});
  const DataFile file = WriteForeign(arrow::RecordBatch::Make(
      schema, 1,
      {std::make_shared<arrow::BinaryArray>(
          1, arrow::Buffer::FromString(std::string("\0\0\0\0\1\0\0\0", 8)),
          arrow::Buffer::FromString("\xFF"))}));
  EXPECT_EQ(ErrorAs(file, TypeOf(TypeId::kString)), ErrorKind::kCorrupt);
}

TEST_F(ReadForeignTest, SmallIntegersAreWidened) {
  for (const auto& type :
       {arrow::int8(), arrow::uint8(), arrow::int16(), arrow::uint16(), arrow::int32()}) {
    const DataFile file = OneColumn(type, "[[100], [null]]");
    EXPECT_THAT(ReadAs(file, TypeOf(TypeId::kInt)), ElementsAre("100", "null"));
    EXPECT_THAT(ReadAs(file, TypeOf(TypeId::kLong)), ElementsAre("100", "null"));
  }
  EXPECT_EQ(ErrorAs(OneColumn(arrow::int64(), "[[1]]"), TypeOf(TypeId::kInt)),
            ErrorKind::kUnsupported);
  EXPECT_EQ(ErrorAs(OneColumn(arrow::uint64(), "[[1]]"), TypeOf(TypeId::kLong)),
            ErrorKind::kUnsupported);
}

TEST_F(ReadForeignTest, TimestampsOfOtherUnitsAreExactOrUnsupported) {
  const auto utc = [](arrow::TimeUnit::type unit) {
    return arrow::timestamp(unit, "UTC");
  };
  const Type tstz = TypeOf(TypeId::kTimestamptz);
  EXPECT_THAT(
      ReadAs(OneColumn(utc(arrow::TimeUnit::MILLI), R"([["2024-01-31 01:02:03.004"]])"),
             tstz),
      ElementsAre("2024-01-31 01:02:03.004000Z"));
  EXPECT_THAT(
      ReadAs(OneColumn(utc(arrow::TimeUnit::NANO), R"([["2024-01-31 00:00:00.000001"]])"),
             tstz),
      ElementsAre("2024-01-31 00:00:00.000001Z"));
  EXPECT_EQ(ErrorAs(OneColumn(utc(arrow::TimeUnit::NANO),
                              R"([["2024-01-31 00:00:00.000000001"]])"),
                    tstz),
            ErrorKind::kUnsupported);
  EXPECT_THAT(ReadAs(OneColumn(arrow::timestamp(arrow::TimeUnit::MICRO, "+02:00"),
                               R"([["2024-01-31 00:00:00"]])"),
                     tstz),
              ElementsAre("2024-01-31 00:00:00.000000Z"));
}

TEST_F(ReadForeignTest, LocalTimestampsAreNotTakenForMoments) {
  const DataFile local =
      OneColumn(arrow::timestamp(arrow::TimeUnit::MICRO), R"([["2024-01-31"]])");
  EXPECT_EQ(ErrorAs(local, TypeOf(TypeId::kTimestamptz)), ErrorKind::kUnsupported);
  EXPECT_THAT(ReadAs(local, TypeOf(TypeId::kTimestamp)),
              ElementsAre("2024-01-31 00:00:00.000000"));
}

TEST_F(ReadForeignTest, Int96IsInUtc) {
  parquet::ArrowWriterProperties::Builder builder;
  const DataFile file = WriteForeign(
      FromJson(arrow::schema({Named("c", arrow::timestamp(arrow::TimeUnit::NANO))}),
               R"([["2024-01-31 01:02:03.000004"]])"),
      builder.enable_deprecated_int96_timestamps()->build());
  EXPECT_THAT(ReadAs(file, TypeOf(TypeId::kTimestamptz)),
              ElementsAre("2024-01-31 01:02:03.000004Z"));
}

TEST_F(ReadForeignTest, TimesOfDayOfOtherUnitsAreWidened) {
  EXPECT_THAT(ReadAs(OneColumn(arrow::time32(arrow::TimeUnit::MILLI), "[[1500]]"),
                     TypeOf(TypeId::kTime)),
              ElementsAre("00:00:01.500000"));
  EXPECT_EQ(ErrorAs(OneColumn(arrow::time64(arrow::TimeUnit::NANO), "[[1500]]"),
                    TypeOf(TypeId::kTime)),
            ErrorKind::kUnsupported);
}

TEST_F(ReadForeignTest, DecimalsOfAnotherScaleAreUnsupported) {
  const DataFile file = OneColumn(arrow::decimal128(9, 2), R"([["1.25"]])");
  EXPECT_THAT(ReadAs(file, DecimalType(30, 2)), ElementsAre("1.25"));
  EXPECT_EQ(ErrorAs(file, DecimalType(30, 3)), ErrorKind::kUnsupported);
  EXPECT_EQ(ErrorAs(file, DecimalType(8, 2)), ErrorKind::kUnsupported);
}

TEST_F(ReadForeignTest, NullsInARequiredColumnAreCorrupt) {
  Schema schema;
  schema.fields = {Column(1, "c", TypeOf(TypeId::kInt), /*required=*/true)};
  const auto batches =
      ReadBatches(TaskOf(OneColumn(arrow::int32(), "[[1], [null]]")), Reading(schema));
  ASSERT_FALSE(batches);
  EXPECT_EQ(batches.error().kind, ErrorKind::kCorrupt);
}

TEST_F(ReadForeignTest, ListsOfOtherLayoutsAndNamesOfPartsAreRead) {
  Schema schema;
  schema.fields = {Column(1, "c", ListType(FieldId{2}, TypeOf(TypeId::kLong), false))};
  const auto item = Named("item", arrow::int32());
  for (const auto& list :
       {arrow::list(item), arrow::large_list(item), arrow::fixed_size_list(item, 2)}) {
    const DataFile file = OneColumn(list, "[[[1, 2]], [null]]");
    const auto read = ReadBatches(TaskOf(file), Reading(schema));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read->front()->Equals(*FromJson(schema, "[[[1, 2]], [null]]")))
        << read->front()->ToString();
  }
}

}  // namespace
}  // namespace calve::table::testing
