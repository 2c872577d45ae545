#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "table/scan/scan_fixture.h"

namespace calve::table::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReadFileTest : public ScanTest {
 protected:
  static Schema LongAndText() {
    Schema schema;
    schema.fields = {Column(1, "n", TypeOf(TypeId::kLong)),
                     Column(2, "s", TypeOf(TypeId::kString))};
    return schema;
  }

  /// A file of `rows` numbers from 0, in row groups of `group_rows`.
  DataFile Numbers(int rows, int64_t group_rows) {
    std::string json = "[";
    for (int row = 0; row < rows; ++row) {
      json += (row == 0 ? "[" : ", [") + std::to_string(row) + R"(, "t"])";
    }
    WriteOptions options;
    options.row_group_rows = group_rows;
    const Schema schema = LongAndText();
    return WriteAll(TargetOf(schema), {FromJson(schema, json + "]")}, options)[0];
  }

  static ReadOptions NumbersOnly() {
    Schema schema = LongAndText();
    schema.fields.pop_back();
    return Reading(schema);
  }

  Error ReadError(const ScanTask& task, const ReadOptions& options) {
    const auto batches = ReadBatches(task, options);
    EXPECT_FALSE(batches);
    return batches.error();
  }
};

TEST_F(ReadFileTest, EveryTypeReadsBackAsItWasWritten) {
  const Schema schema = EveryTypeSchema();
  const BatchPtr batch = FromJson(schema, R"([
    [true, -2147483648, -9223372036854775808, -Inf, Inf, "-9999999.99",
     "99999999999999.9999", "-9999999999999999999999999999.9999999999", -719162, 0,
     "0001-01-01", "2024-01-31 23:59:59.123456", "", "0123456789abcdef", "abc", ""],
    [false, 2147483647, 9223372036854775807, NaN, NaN, "0.00", "0.0000", "0.0000000000",
     2932896, 86399999999, "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999",
     "\uD834\uDD1E e\u0301 \u0000", "\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000",
     "\u0000\u0000\u0000", "\u0000"],
    [null, null, null, null, null, null, null, null, null, null, null, null, null, null,
     null, null],
    [null, 0, 0, -0.0, -0.0, null, null, null, 0, 0, "1970-01-01", "1970-01-01", "x",
     null, null, null]])");
  const DataFile file = WriteAll(TargetOf(schema), {batch})[0];
  const auto read = ReadBatches(TaskOf(file), Reading(schema));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 1U);
  EXPECT_TRUE(read->front()->schema()->Equals(*ToArrow(schema), /*check_metadata=*/true));
  EXPECT_TRUE(read->front()->Equals(
      *batch, /*check_metadata=*/true,
      arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false)));
}

TEST_F(ReadFileTest, NestedColumnsReadBack) {
  Schema schema;
  schema.fields = {Column(1, "list", ListType(FieldId{2}, TypeOf(TypeId::kLong), false)),
                   Column(3, "struct",
                          StructType({Column(4, "a", TypeOf(TypeId::kInt)),
                                      Column(5, "b", TypeOf(TypeId::kString))})),
                   Column(6, "map",
                          MapType({FieldId{7}, TypeOf(TypeId::kString)},
                                  {FieldId{8}, TypeOf(TypeId::kDouble)}, false))};
  const BatchPtr batch = FromJson(schema, R"([
    [[1, null, 3], [1, "x"], [["k", 1.5], ["l", null]]],
    [null, null, null],
    [[], [null, null], []]])");
  const DataFile file = WriteAll(TargetOf(schema), {batch})[0];
  const auto read = ReadBatches(TaskOf(file), Reading(schema));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->front()->Equals(*batch, /*check_metadata=*/true))
      << read->front()->ToString();
}

TEST_F(ReadFileTest, PartsOfNestedColumnsAreMatchedById) {
  Schema old_schema;
  old_schema.fields = {Column(3, "s",
                              StructType({Column(4, "a", TypeOf(TypeId::kInt)),
                                          Column(5, "b", TypeOf(TypeId::kInt))}))};
  const DataFile file =
      WriteAll(TargetOf(old_schema), {FromJson(old_schema, "[[[1, 2]], [null]]")})[0];
  Schema schema;
  schema.fields = {Column(3, "t",
                          StructType({Column(5, "y", TypeOf(TypeId::kLong)),
                                      Column(9, "new", TypeOf(TypeId::kString)),
                                      Column(4, "x", TypeOf(TypeId::kInt))}))};
  const auto read = ReadBatches(TaskOf(file), Reading(schema));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->front()->Equals(*FromJson(schema, "[[[2, null, 1]], [null]]")))
      << read->front()->ToString();
}

TEST_F(ReadFileTest, ColumnsAreFoundByIdAndWidened) {
  Schema old_schema;
  old_schema.fields = {
      Column(1, "a", TypeOf(TypeId::kInt)), Column(2, "b", TypeOf(TypeId::kFloat)),
      Column(3, "c", DecimalType(5, 2)), Column(4, "d", TypeOf(TypeId::kString))};
  const DataFile file = WriteAll(
      TargetOf(old_schema), {FromJson(old_schema, R"([[-1, 1.5, "123.45", "x"]])")})[0];
  Schema schema;
  schema.fields = {
      Column(4, "a", TypeOf(TypeId::kString)), Column(3, "b", DecimalType(20, 2)),
      Column(9, "new", TypeOf(TypeId::kDate)), Column(2, "d", TypeOf(TypeId::kDouble)),
      Column(1, "c", TypeOf(TypeId::kLong))};
  EXPECT_THAT(Read(TaskOf(file), Reading(schema)), ElementsAre("x|123.45|null|1.5|-1"));
}

TEST_F(ReadFileTest, AConversionThatChangesValuesIsUnsupported) {
  const DataFile file = Numbers(1, 1);
  Schema schema;
  schema.fields = {Column(1, "n", TypeOf(TypeId::kInt))};
  const Error error = ReadError(TaskOf(file), Reading(schema));
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr(file.file_path));
}

TEST_F(ReadFileTest, AMissingRequiredColumnIsCorrupt) {
  Schema schema;
  schema.fields = {Column(9, "x", TypeOf(TypeId::kInt), /*required=*/true)};
  EXPECT_EQ(ReadError(TaskOf(Numbers(1, 1)), Reading(schema)).kind, ErrorKind::kCorrupt);
}

TEST_F(ReadFileTest, AColumnWithAnInitialDefaultThatTheFileLacksIsUnsupported) {
  Schema schema;
  schema.fields = {Column(9, "x", TypeOf(TypeId::kInt))};
  schema.fields[0].unknown_members = R"({"initial-default":1})";
  EXPECT_EQ(ReadError(TaskOf(Numbers(1, 1)), Reading(schema)).kind,
            ErrorKind::kUnsupported);
}

TEST_F(ReadFileTest, RowsTellWhereTheyLie) {
  const DataFile file = Numbers(5, 2);
  ReadOptions options = NumbersOnly();
  options.with_position = true;
  options.positions = {1, 2, 4};
  const auto deletes = WritePositionDeletes(TargetOf(LongAndText()), file, {2, 3});
  const auto batches = ReadBatches(TaskOf(file, {*deletes}), options);
  ASSERT_TRUE(batches) << batches.error().message;
  std::vector<std::string> rows;
  for (const BatchPtr& batch : *batches) {
    EXPECT_TRUE(batch->schema()->field(1)->type()->Equals(
        arrow::dictionary(arrow::int32(), arrow::utf8())));
    EXPECT_FALSE(batch->schema()->field(2)->nullable());
    const auto& files = static_cast<const arrow::DictionaryArray&>(*batch->column(1));
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      rows.push_back(batch->column(2)->GetScalar(row).ValueOrDie()->ToString());
      EXPECT_EQ(static_cast<const arrow::StringArray&>(*files.dictionary())
                    .GetString(files.GetValueIndex(row)),
                file.file_path);
    }
  }
  EXPECT_THAT(rows, ElementsAre("1", "4"));
}

TEST_F(ReadFileTest, PositionsAloneNeedNoColumn) {
  ReadOptions options;
  options.with_position = true;
  options.batch_rows = 2;
  const auto batches = ReadBatches(TaskOf(Numbers(5, 3)), options);
  ASSERT_TRUE(batches) << batches.error().message;
  std::vector<int64_t> rows;
  for (const BatchPtr& batch : *batches) {
    rows.push_back(batch->num_rows());
  }
  EXPECT_THAT(rows, ElementsAre(2, 1, 2));
}

TEST_F(ReadFileTest, NoPositionsAreNoRows) {
  ReadOptions options = NumbersOnly();
  options.positions = std::vector<int64_t>{};
  EXPECT_THAT(Read(TaskOf(Numbers(5, 2)), options), IsEmpty());
}

TEST_F(ReadFileTest, PositionsOutsideTheFileOrOutOfOrderAreRefused) {
  const DataFile file = Numbers(3, 2);
  for (const std::vector<int64_t>& positions : {std::vector<int64_t>{3}, {-1}, {1, 0}}) {
    ReadOptions options = NumbersOnly();
    options.positions = positions;
    EXPECT_EQ(ReadError(TaskOf(file), options).kind, ErrorKind::kInvalidArgument);
  }
}

TEST_F(ReadFileTest, FiltersAreChecked) {
  const DataFile file = Numbers(3, 2);
  ReadOptions options = NumbersOnly();
  options.filters = {{.column = FieldId{1},
                      .lower = Literal(std::nan("")),
                      .upper = std::nullopt,
                      .values = {}}};
  EXPECT_EQ(ReadError(TaskOf(file), options).kind, ErrorKind::kInvalidArgument);
  options.filters[0].lower = std::nullopt;
  options.filters[0].values = {Literal(int64_t{2}), Literal(int64_t{1})};
  EXPECT_EQ(ReadError(TaskOf(file), options).kind, ErrorKind::kInvalidArgument);
  options.filters[0].values = {};
  options.batch_rows = 0;
  EXPECT_EQ(ReadError(TaskOf(file), options).kind, ErrorKind::kInvalidArgument);
}

TEST_F(ReadFileTest, RowGroupsThatCannotMatchAreLeftOut) {
  const DataFile file = Numbers(10, 2);
  ReadOptions options = NumbersOnly();
  options.filters = {{.column = FieldId{1},
                      .lower = Literal(int64_t{3}),
                      .upper = Literal(int64_t{4}),
                      .values = {}}};
  EXPECT_THAT(Read(TaskOf(file), options), ElementsAre("2", "3", "4", "5"));
  options.filters = {{.column = FieldId{1},
                      .lower = std::nullopt,
                      .upper = std::nullopt,
                      .values = {Literal(int64_t{0}), Literal(int64_t{9})}}};
  EXPECT_THAT(Read(TaskOf(file), options), ElementsAre("0", "1", "8", "9"));
}

TEST_F(ReadFileTest, AFileThatIsNotThereIsNotFound) {
  DataFile file = Numbers(1, 1);
  file.file_path += "x";
  EXPECT_EQ(ReadError(TaskOf(file), NumbersOnly()).kind, ErrorKind::kNotFound);
}

TEST_F(ReadFileTest, OtherFormatsAndEncryptedFilesAreUnsupported) {
  DataFile avro = Numbers(1, 1);
  avro.file_format = "AVRO";
  EXPECT_EQ(ReadError(TaskOf(avro), NumbersOnly()).kind, ErrorKind::kUnsupported);
  DataFile encrypted = Numbers(1, 1);
  encrypted.key_metadata = "k";
  EXPECT_EQ(ReadError(TaskOf(encrypted), NumbersOnly()).kind, ErrorKind::kUnsupported);
}

TEST_F(ReadFileTest, AFileWithOtherRowsThanItsManifestSaysIsCorrupt) {
  for (const int64_t count : {4, 6, -1}) {
    DataFile file = Numbers(5, 2);
    file.record_count = count;
    const Error error = ReadError(TaskOf(file), NumbersOnly());
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt);
    EXPECT_THAT(error.message, HasSubstr(file.file_path));
  }
}

TEST_F(ReadFileTest, EqualityDeletesAndDeletionVectorsAreUnsupported) {
  const DataFile file = Numbers(1, 1);
  DataFile equality;
  equality.content = FileContent::kEqualityDeletes;
  EXPECT_EQ(ReadError(TaskOf(file, {equality}), NumbersOnly()).kind,
            ErrorKind::kUnsupported);
  DataFile vector;
  vector.content = FileContent::kPositionDeletes;
  vector.file_format = "PUFFIN";
  EXPECT_EQ(ReadError(TaskOf(file, {vector}), NumbersOnly()).kind,
            ErrorKind::kUnsupported);
}

TEST_F(ReadFileTest, TasksAreReadOneAfterTheOther) {
  std::vector<ScanTask> tasks = {TaskOf(Numbers(2, 2)), TaskOf(Numbers(1, 1))};
  EXPECT_THAT(Read(tasks, NumbersOnly()), ElementsAre("0", "1", "0"));
  EXPECT_THAT(Read(std::vector<ScanTask>{}, NumbersOnly()), IsEmpty());
}

TEST_F(ReadFileTest, PositionsOfSeveralTasksAreRefused) {
  ReadOptions options = NumbersOnly();
  options.positions = {0};
  const auto reader = ReadTasks(store_, {TaskOf(Numbers(2, 2))}, options);
  const auto batch = reader->Next();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(ReadFileTest, ADeleteFileOfSeveralDataFilesDeletesOnlyItsOwnRows) {
  const DataFile file = Numbers(4, 2);
  const auto schema = arrow::schema(
      {arrow::field("file_path", arrow::utf8()), arrow::field("pos", arrow::int64())});
  const std::string quoted = "\"" + file.file_path + "\"";
  DataFile shared = WriteForeign(FromJson(schema, "[[\"/another\", 0], [" + quoted +
                                                      ", 3], [" + quoted + ", 1], [" +
                                                      quoted + ", 3], [\"/zzz\", 2]]"));
  shared.content = FileContent::kPositionDeletes;
  EXPECT_THAT(*ReadDeletedPositions(store_, file.file_path, {shared}), ElementsAre(1, 3));
  EXPECT_THAT(Read(TaskOf(file, {shared}), NumbersOnly()), ElementsAre("0", "2"));
}

/// A random set of positions in a file of `rows`.
std::vector<int64_t> RandomPositions(int rows) {
  const auto chosen =
      *rc::gen::container<std::set<int64_t>>(rc::gen::inRange<int64_t>(0, rows));
  return {chosen.begin(), chosen.end()};
}

TEST_F(ReadFileTest, ExactlyTheRowsThatNoDeleteFileNamesAreRead) {
  constexpr int kRows = 50;
  const DataFile file = Numbers(kRows, 7);
  EXPECT_TRUE(rc::check([&] {
    std::vector<DataFile> deletes;
    std::set<int64_t> deleted;
    for (int at = *rc::gen::inRange(0, 4); at > 0; --at) {
      const auto positions = RandomPositions(kRows);
      deleted.insert(positions.begin(), positions.end());
      if (!positions.empty()) {
        deletes.push_back(
            *WritePositionDeletes(TargetOf(LongAndText()), file, positions));
      }
    }
    ReadOptions options = NumbersOnly();
    options.batch_rows = *rc::gen::inRange(1, 60);
    std::set<int64_t> wanted;
    if (*rc::gen::arbitrary<bool>()) {
      options.positions = RandomPositions(kRows);
      wanted.insert(options.positions->begin(), options.positions->end());
    }
    std::vector<std::string> expected;
    for (int64_t row = 0; row < kRows; ++row) {
      if (!deleted.contains(row) && (!options.positions || wanted.contains(row))) {
        expected.push_back(std::to_string(row));
      }
    }
    RC_ASSERT(Read(TaskOf(file, deletes), options) == expected);
  }));
}

TEST_F(ReadFileTest, WhatIsWrittenInAnyBatchesIsReadInOrder) {
  const Schema schema = LongAndText();
  EXPECT_TRUE(rc::check([&] {
    std::vector<BatchPtr> batches;
    std::vector<std::string> expected;
    const auto sizes = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 30));
    for (const int size : sizes) {
      arrow::Int64Builder numbers;
      arrow::StringBuilder texts;
      for (int row = 0; row < size; ++row) {
        const auto number = *rc::gen::arbitrary<int64_t>();
        RC_ASSERT((number % 3 == 0 ? numbers.AppendNull() : numbers.Append(number)).ok());
        RC_ASSERT((number % 5 == 0 ? texts.AppendNull()
                                   : texts.Append(std::to_string(number % 7)))
                      .ok());
      }
      batches.push_back(arrow::RecordBatch::Make(
          ToArrow(schema), size,
          {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()}));
      const auto rows = RowsOf(*batches.back());
      expected.insert(expected.end(), rows.begin(), rows.end());
    }
    WriteOptions write;
    write.row_group_rows = *rc::gen::inRange(1, 40);
    ReadOptions read = Reading(schema);
    read.batch_rows = *rc::gen::inRange(1, 40);
    std::vector<ScanTask> tasks;
    for (DataFile& file : WriteAll(TargetOf(schema), batches, write)) {
      tasks.push_back(TaskOf(std::move(file)));
    }
    RC_ASSERT(Read(tasks, read) == expected);
  }));
}

}  // namespace
}  // namespace calve::table::testing
