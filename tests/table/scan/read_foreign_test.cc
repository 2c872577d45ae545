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

/// A table that a mapping was made for when files without ids were added to it; since
/// then its column `old` was renamed, and another one added under that name.
class ReadMappedTest : public ReadForeignTest {
 protected:
  static Schema Renamed() {
    Schema schema;
    schema.fields = {Column(1, "new", TypeOf(TypeId::kString)),
                     Column(2, "n", TypeOf(TypeId::kLong)),
                     Column(9, "old", TypeOf(TypeId::kString))};
    return schema;
  }

  std::vector<ScanTask> Planned(const Schema& schema, const DataFile& file,
                                const std::string& mapping,
                                const std::vector<ColumnFilter>& filters = {}) {
    TableMetadata metadata = NewTable(schema);
    metadata.properties["schema.name-mapping.default"] = mapping;
    Commit(metadata, "append", {.data = {file}, .deletes = {}});
    auto tasks = PlanScan(store_, metadata, metadata.snapshots.back(), filters);
    EXPECT_TRUE(tasks) << tasks.error().message;
    const auto appended =
        PlanIncrementalAppend(store_, metadata, std::nullopt, metadata.snapshots.back());
    EXPECT_EQ(appended->value().front().names == nullptr,
              tasks->front().names == nullptr);
    return *tasks;
  }

  static constexpr const char* kMapping =
      R"([{"field-id": 1, "names": ["old", "new"]}, {"field-id": 2, "names": ["n"]},
          {"names": ["ignored"]}])";
};

TEST_F(ReadMappedTest, ARenamedColumnIsFoundByItsOldName) {
  const auto schema =
      arrow::schema({Named("n", arrow::int64()), Named("old", arrow::utf8()),
                     Named("ignored", arrow::utf8())});
  const DataFile file =
      WriteForeign(FromJson(schema, R"([[1, "a", "x"], [2, "b", "x"]])"));
  EXPECT_THAT(Read(Planned(Renamed(), file, kMapping), Reading(Renamed())),
              ElementsAre("a|1|null", "b|2|null"));
}

TEST_F(ReadMappedTest, RowGroupsAreLeftOutByTheMappedColumn) {
  const auto schema =
      arrow::schema({Named("new", arrow::utf8()), Named("old", arrow::utf8())});
  const DataFile file = WriteForeign(FromJson(
      schema, R"([["z", "b"], ["z", "b"], ["z", "b"], ["z", "b"], ["z", "a"]])"));
  ReadOptions options = Reading(Renamed());
  options.projection.fields.resize(1);
  options.filters = {{.column = FieldId{1},
                      .lower = std::nullopt,
                      .upper = Literal(std::string("a")),
                      .values = {}}};
  const std::string mapping = R"([{"field-id": 1, "names": ["old"]}])";
  EXPECT_THAT(Read(Planned(Renamed(), file, mapping), options), ElementsAre("a"));
}

TEST_F(ReadMappedTest, AFileWithIdsIsReadByThem) {
  const DataFile file =
      WriteAll(TargetOf(Renamed()), {FromJson(Renamed(), R"([["a", 1, "b"]])")})[0];
  EXPECT_THAT(Read(Planned(Renamed(), file, R"([{"field-id": 1, "names": ["n"]}])"),
                   Reading(Renamed())),
              ElementsAre("a|1|b"));
}

TEST_F(ReadMappedTest, PartsOfNestedColumnsAreMappedToo) {
  const auto part =
      arrow::struct_({Named("a", arrow::int32()), Named("b", arrow::int32())});
  const auto schema = arrow::schema({Named("s", part), Named("l", arrow::list(part)),
                                     Named("m", arrow::map(arrow::utf8(), part))});
  const DataFile file = WriteForeign(
      FromJson(schema, R"([[[1, 2], [[3, 4]], [["k", [5, 6]]]], [null, [null], null]])"));
  const auto renamed = [](int32_t id) {  // `a` is `b` now, and the other `b` is gone.
    return StructType({Column(id, "b", TypeOf(TypeId::kLong))});
  };
  Schema now;
  now.fields = {Column(1, "s", renamed(2)),
                Column(3, "l", ListType(FieldId{4}, renamed(5), false)),
                Column(6, "m",
                       MapType({FieldId{7}, TypeOf(TypeId::kString)},
                               {FieldId{8}, renamed(9)}, false))};
  const std::string mapping = R"([
    {"field-id": 1, "names": ["s"], "fields": [{"field-id": 2, "names": ["a", "b2"]}]},
    {"field-id": 3, "names": ["l"], "fields": [{"field-id": 4, "names": ["element"],
      "fields": [{"field-id": 5, "names": ["a"]}]}]},
    {"field-id": 6, "names": ["m"], "fields": [{"field-id": 7, "names": ["key"]},
      {"field-id": 8, "names": ["value"], "fields": [{"field-id": 9, "names": ["a"]}]}]}])";
  const auto read = ReadBatches(Planned(now, file, mapping).front(), Reading(now));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->front()->Equals(
      *FromJson(now, R"([[[1], [[3]], [["k", [5]]]], [null, [null], null]])")))
      << read->front()->ToString();
}

TEST_F(ReadForeignTest, AnUnreadableMappingIsCorrupt) {
  Schema schema;
  schema.fields = {Column(1, "c", TypeOf(TypeId::kInt))};
  TableMetadata metadata = NewTable(schema);
  metadata.properties["schema.name-mapping.default"] = R"([{"names": [1]}])";
  Commit(metadata, "append",
         {.data = {OneColumn(arrow::int32(), "[[1]]")}, .deletes = {}});
  const auto tasks = PlanScan(store_, metadata, metadata.snapshots.back(), {});
  ASSERT_FALSE(tasks);
  EXPECT_EQ(tasks.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(tasks.error().message,
            "schema.name-mapping.default[0].names[0]: expected a string");
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
