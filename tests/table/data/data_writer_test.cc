#include "table/data/data_writer.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>

#include "io/local_store.h"
#include "support/temp_folder.h"
#include "table/data/data_fixture.h"
#include "table/data/position_delete_schema.h"

namespace calve::table::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DataWriterTest : public DataTest {
 protected:
  static Schema OneColumn(Type type, bool required = false) {
    Schema schema;
    schema.fields = {Column(1, "c", std::move(type), required)};
    return schema;
  }

  Error WriteError(const Schema& schema, const BatchPtr& batch) {
    auto writer = DataWriter::Make(TargetOf(schema), {});
    EXPECT_TRUE(writer) << writer.error().message;
    const Status written = (*writer)->Write(*batch);
    EXPECT_FALSE(written);
    return written.error();
  }
};

PartitionSpec DaySpec() {
  return {.spec_id = 1,
          .fields = {{.source_id = FieldId{1},
                      .field_id = FieldId{1000},
                      .name = "c_day",
                      .transform = {TransformKind::kDay, 0}}}};
}

TEST_F(DataWriterTest, AFileTellsItsCountsAndBounds) {
  Schema schema = OneColumn(TypeOf(TypeId::kInt));
  schema.fields.push_back(Column(5, "s", TypeOf(TypeId::kString)));
  const auto files =
      WriteAll(TargetOf(schema), {FromJson(schema, R"([[3, "b"], [null, "a"]])"),
                                  FromJson(schema, R"([[-7, null]])")});
  ASSERT_EQ(files.size(), 1U);
  DataFile expected;
  expected.file_path = files[0].file_path;
  expected.record_count = 3;
  expected.file_size_bytes =
      static_cast<int64_t>(io::ReadObject(store_, files[0].file_path)->size());
  expected.column_sizes_bytes = files[0].column_sizes_bytes;
  expected.value_counts = {{1, 3}, {5, 3}};
  expected.null_value_counts = {{1, 1}, {5, 1}};
  expected.lower_bounds = {{1, std::string("\xF9\xFF\xFF\xFF", 4)}, {5, "a"}};
  expected.upper_bounds = {{1, std::string("\x03\0\0\0", 4)}, {5, "b"}};
  expected.split_offsets = {4};
  EXPECT_EQ(files[0], expected);
  EXPECT_THAT(files[0].file_path, ::testing::StartsWith("memory://lake/table/data/"));
  EXPECT_GT(files[0].column_sizes_bytes.at(1), 0);
}

TEST_F(DataWriterTest, BoundsOfEveryTypeAreTheValuesThemselves) {
  const Schema schema = EveryTypeSchema();
  const std::string uuid = "0123456789abcdef";
  const auto file = WriteAll(
      TargetOf(schema),
      {FromJson(schema, R"([[true, -5, -6, -1.5, 2.5, "-1.23", "4.5678", "-7.0000000001",
        100, 3600000000, -1, 1, "é", "0123456789abcdef", "xyz", "b"]])")})[0];
  const std::vector<Literal> values = {true,
                                       int32_t{-5},
                                       int64_t{-6},
                                       -1.5F,
                                       2.5,
                                       Decimal{-123},
                                       Decimal{45678},
                                       Decimal{-70000000001},
                                       int32_t{100},
                                       int64_t{3600000000},
                                       int64_t{-1},
                                       int64_t{1},
                                       std::string("é"),
                                       uuid,
                                       std::string("xyz"),
                                       std::string("b")};
  for (size_t column = 0; column < schema.fields.size(); ++column) {
    const Field& field = schema.fields[column];
    SCOPED_TRACE(field.name);
    const std::string encoded = EncodeLiteral(field.type, values[column]);
    EXPECT_EQ(file.lower_bounds.at(field.id.value), encoded);
    EXPECT_EQ(file.upper_bounds.at(field.id.value), encoded);
  }
}

TEST_F(DataWriterTest, LongTextBoundsAreCutUnlessTheyAreToBeWhole) {
  const Schema schema = OneColumn(TypeOf(TypeId::kString));
  const BatchPtr batch = FromJson(schema, R"([["0123456789abcdefgh"]])");
  const DataFile cut = WriteAll(TargetOf(schema), {batch})[0];
  EXPECT_EQ(cut.lower_bounds.at(1), "0123456789abcdef");
  EXPECT_EQ(cut.upper_bounds.at(1), "0123456789abcdeg");
  WriteOptions options;
  options.full_bounds_columns = {"c"};
  const DataFile whole = WriteAll(TargetOf(schema), {batch}, options)[0];
  EXPECT_EQ(whole.lower_bounds.at(1), "0123456789abcdefgh");
  EXPECT_EQ(whole.upper_bounds.at(1), "0123456789abcdefgh");
}

TEST_F(DataWriterTest, ValuesTooLongForStatisticsLeaveNoBounds) {
  const Schema schema = OneColumn(TypeOf(TypeId::kString));
  const std::string text(5000, 'x');
  const DataFile file = WriteAll(
      TargetOf(schema), {FromJson(schema, R"([["a"], [")" + text + R"("]])")})[0];
  EXPECT_THAT(file.lower_bounds, IsEmpty());
  EXPECT_THAT(file.upper_bounds, IsEmpty());
}

TEST_F(DataWriterTest, NansAreCountedAndLeftOutOfBounds) {
  for (const TypeId id : {TypeId::kFloat, TypeId::kDouble}) {
    const Schema schema = OneColumn(TypeOf(id));
    const DataFile some =
        WriteAll(TargetOf(schema),
                 {FromJson(schema, R"([[NaN], [1.5], [-Inf], [null], [NaN]])")})[0];
    EXPECT_EQ(some.nan_value_counts, (std::map<int32_t, int64_t>{{1, 2}}));
    const Literal low = id == TypeId::kFloat
                            ? Literal(-std::numeric_limits<float>::infinity())
                            : Literal(-std::numeric_limits<double>::infinity());
    const Literal high = id == TypeId::kFloat ? Literal(1.5F) : Literal(1.5);
    EXPECT_EQ(some.lower_bounds.at(1), EncodeLiteral(TypeOf(id), low));
    EXPECT_EQ(some.upper_bounds.at(1), EncodeLiteral(TypeOf(id), high));
    const DataFile all =
        WriteAll(TargetOf(schema), {FromJson(schema, "[[NaN], [null]]")})[0];
    EXPECT_THAT(all.lower_bounds, IsEmpty());
    EXPECT_EQ(all.nan_value_counts, (std::map<int32_t, int64_t>{{1, 1}}));
    EXPECT_EQ(all.null_value_counts, (std::map<int32_t, int64_t>{{1, 1}}));
  }
}

TEST_F(DataWriterTest, BoundsSpanRowGroupsAndSplitsAreTheirOffsets) {
  const Schema schema = OneColumn(TypeOf(TypeId::kLong));
  WriteOptions options;
  options.row_group_rows = 2;
  const DataFile file =
      WriteAll(TargetOf(schema), {FromJson(schema, "[[5], [6], [null], [null], [-1]]")},
               options)[0];
  EXPECT_EQ(file.lower_bounds.at(1), EncodeLiteral(schema.fields[0].type, int64_t{-1}));
  EXPECT_EQ(file.upper_bounds.at(1), EncodeLiteral(schema.fields[0].type, int64_t{6}));
  EXPECT_EQ(file.split_offsets.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(file.split_offsets));
}

TEST_F(DataWriterTest, FieldIdsCompressionAndPageIndexAreInTheFile) {
  Schema schema = EveryTypeSchema();
  schema.fields.push_back(
      Column(20, "list",
             ListType(FieldId{21}, TypeOf(TypeId::kString), /*element_required=*/true)));
  const DataFile file =
      WriteAll(TargetOf(schema), {FromJson(schema, R"([[true, 1, 2, 1, 1,
      "1.00", "1.0000", "1.0000000000", 1, 1, 1, 1, "a", "0123456789abcdef", "abc", "b",
      ["x"]]])")})[0];
  const auto reader =
      parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(
          arrow::Buffer::FromString(*io::ReadObject(store_, file.file_path))));
  const auto& footer = *reader->metadata();
  for (int column = 0; column < footer.num_columns(); ++column) {
    const auto chunk = footer.RowGroup(0)->ColumnChunk(column);
    const auto& node = *footer.schema()->Column(column)->schema_node();
    EXPECT_EQ(node.field_id(), column == 16 ? 21 : column + 1);
    EXPECT_EQ(chunk->compression(), parquet::Compression::ZSTD);
    EXPECT_TRUE(chunk->GetOffsetIndexLocation().has_value());
    EXPECT_TRUE(chunk->GetColumnIndexLocation().has_value());
  }
  EXPECT_EQ(footer.schema()->group_node()->field(16)->field_id(), 20);
  EXPECT_TRUE(footer.schema()->Column(13)->logical_type()->is_UUID());
  EXPECT_EQ(footer.schema()->Column(5)->physical_type(), parquet::Type::INT32);
  EXPECT_EQ(footer.schema()->Column(6)->physical_type(), parquet::Type::INT64);
  EXPECT_TRUE(static_cast<const parquet::TimestampLogicalType&>(
                  *footer.schema()->Column(11)->logical_type())
                  .is_adjusted_to_utc());
}

TEST_F(DataWriterTest, RowsGoIntoOneFilePerPartition) {
  const Schema schema = OneColumn(TypeOf(TypeId::kTimestamptz));
  const auto files =
      WriteAll(TargetOf(schema, DaySpec()),
               {FromJson(schema, R"([["2024-01-31 10:00:00"], ["2024-02-01 00:00:00"]])"),
                FromJson(schema, R"([[null], ["2024-01-31 11:00:00"]])")});
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].partition, PartitionValues{Literal(int32_t{19753})});
  EXPECT_EQ(files[0].record_count, 2);
  EXPECT_THAT(files[0].file_path, HasSubstr("/data/c_day=2024-01-31/"));
  EXPECT_EQ(files[0].spec_id, 1);
  EXPECT_EQ(files[1].partition, PartitionValues{Literal(int32_t{19754})});
  EXPECT_EQ(files[2].partition, PartitionValues{std::nullopt});
  EXPECT_THAT(files[2].file_path, HasSubstr("/data/c_day=null/"));
}

TEST_F(DataWriterTest, ManyPartitionsDoNotKeepAsManyFilesOpen) {
  Schema schema = OneColumn(TypeOf(TypeId::kInt));
  PartitionSpec spec = DaySpec();
  spec.fields[0].transform = {TransformKind::kIdentity, 0};
  std::string rows = "[";
  for (int row = 0; row < 200; ++row) {
    rows += (row == 0 ? "[" : ", [") + std::to_string(row % 100) + "]";
  }
  const auto files = WriteAll(TargetOf(schema, spec), {FromJson(schema, rows + "]"),
                                                       FromJson(schema, "[[0], [99]]")});
  int64_t written = 0;
  for (const DataFile& file : files) {
    written += file.record_count;
  }
  EXPECT_EQ(written, 202);
  EXPECT_EQ(files.size(), 101U);  // Partition 0 was closed in between, 99 was not.
}

TEST_F(DataWriterTest, PastTheTargetSizeANewFileBegins) {
  const Schema schema = OneColumn(TypeOf(TypeId::kLong));
  WriteOptions options;
  options.target_file_bytes = 1;
  options.row_group_rows = 1;
  const BatchPtr batch = FromJson(schema, "[[1], [2]]");
  const auto files = WriteAll(TargetOf(schema), {batch, batch}, options);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].record_count, 2);
  EXPECT_NE(files[0].file_path, files[1].file_path);
}

TEST_F(DataWriterTest, NothingWrittenGivesNoFiles) {
  const Schema schema = OneColumn(TypeOf(TypeId::kLong));
  EXPECT_THAT(WriteAll(TargetOf(schema), {FromJson(schema, "[]")}), IsEmpty());
  EXPECT_THAT(store_.Locations(), IsEmpty());
}

/// Files in a folder, at any depth, temporary ones too.
size_t FilesIn(const std::string& folder) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  return files;
}

TEST_F(DataWriterTest, UnfinishedFilesVanish) {
  const calve::testing::TempFolder folder;
  io::LocalStore store;
  const Schema schema = OneColumn(TypeOf(TypeId::kLong));
  WriteTarget target = TargetOf(schema);
  target.store = &store;
  target.location = folder.path();
  {
    auto writer = DataWriter::Make(target, {});
    ASSERT_TRUE((*writer)->Write(*FromJson(schema, "[[1]]")));
    EXPECT_EQ(FilesIn(folder.path()), 1U);
  }
  EXPECT_EQ(FilesIn(folder.path()), 0U);
}

TEST_F(DataWriterTest, ColumnsAreTakenByNameAndMissingOptionalOnesAreNull) {
  Schema schema = OneColumn(TypeOf(TypeId::kLong));
  schema.fields.push_back(Column(2, "d", TypeOf(TypeId::kString)));
  schema.fields.push_back(Column(3, "e", TypeOf(TypeId::kInt)));
  Schema given;
  given.fields = {schema.fields[2], schema.fields[0]};
  const DataFile file = WriteAll(TargetOf(schema), {FromJson(given, "[[3, 1]]")})[0];
  EXPECT_EQ(file.null_value_counts, (std::map<int32_t, int64_t>{{1, 0}, {2, 1}, {3, 0}}));
  EXPECT_EQ(file.lower_bounds.at(3), std::string("\3\0\0\0", 4));
}

TEST_F(DataWriterTest, RowsThatDoNotFitTheTableAreRefused) {
  const Schema required = OneColumn(TypeOf(TypeId::kLong), /*required=*/true);
  const Schema optional = OneColumn(TypeOf(TypeId::kLong));
  const Schema other = OneColumn(TypeOf(TypeId::kInt));
  Schema unknown = optional;
  unknown.fields.push_back(Column(9, "unknown", TypeOf(TypeId::kInt)));
  Schema nothing;
  const Error null = WriteError(required, FromJson(optional, "[[null]]"));
  EXPECT_EQ(null.message, "null in the required column c");
  const Error lacking = WriteError(required, FromJson(nothing, "[[]]"));
  EXPECT_EQ(lacking.message, "batch lacks the required column c");
  const Error type = WriteError(optional, FromJson(other, "[[1]]"));
  EXPECT_EQ(type.message, "column c is int32, not int64");
  const Error extra = WriteError(optional, FromJson(unknown, "[[1, 2]]"));
  EXPECT_THAT(extra.message, HasSubstr("unknown"));
  for (const Error& error : {null, lacking, type, extra}) {
    EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  }
}

/// A store whose files take nothing.
class FullStore final : public io::ObjectStore {
 public:
  Result<std::unique_ptr<io::InputFile>> Open(const std::string& location) override {
    return Error{ErrorKind::kNotFound, location};
  }
  Result<std::unique_ptr<io::OutputFile>> Create(const std::string& /*at*/) override {
    return std::unique_ptr<io::OutputFile>(std::make_unique<FullFile>());
  }
  Status PutIfAbsent(const std::string& /*at*/, std::string_view /*bytes*/) override {
    return {};
  }
  Result<std::vector<io::ObjectInfo>> List(const std::string& /*folder*/) override {
    return std::vector<io::ObjectInfo>{};
  }
  Status Delete(const std::string& /*location*/) override { return {}; }

 private:
  class FullFile final : public io::OutputFile {
   public:
    Status Write(std::string_view /*bytes*/) override {
      return Error{ErrorKind::kUnavailable, "disk is full"};
    }
    uint64_t bytes_written() const override { return 0; }
    Status Close() override { return {}; }
  };
};

TEST_F(DataWriterTest, AFailureOfTheStoreKeepsItsKind) {
  FullStore store;
  const Schema schema = OneColumn(TypeOf(TypeId::kLong));
  WriteTarget target = TargetOf(schema);
  target.store = &store;
  auto writer = DataWriter::Make(target, {});
  ASSERT_TRUE(writer);
  Status status = (*writer)->Write(*FromJson(schema, "[[1]]"));
  if (status) {
    const auto files = (*writer)->Finish();
    ASSERT_FALSE(files);
    status = files.error();
  }
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(status.error().message, "disk is full");
}

TEST_F(DataWriterTest, PositionDeletesNameTheirOneDataFile) {
  const Schema schema = OneColumn(TypeOf(TypeId::kTimestamptz));
  const WriteTarget target = TargetOf(schema, DaySpec());
  const DataFile data = WriteAll(target, {FromJson(schema, R"([["2024-01-31"]])")})[0];
  const auto deletes = WritePositionDeletes(target, data, {0, 5, 1'000'000});
  ASSERT_TRUE(deletes) << deletes.error().message;
  EXPECT_EQ(deletes->content, FileContent::kPositionDeletes);
  EXPECT_EQ(deletes->partition, data.partition);
  EXPECT_EQ(deletes->spec_id, data.spec_id);
  EXPECT_EQ(deletes->record_count, 3);
  EXPECT_EQ(deletes->lower_bounds.at(kDeleteFilePathId.value), data.file_path);
  EXPECT_EQ(deletes->upper_bounds.at(kDeleteFilePathId.value), data.file_path);
  EXPECT_EQ(ReferencedDataFile(*deletes), data.file_path);
  EXPECT_EQ(deletes->upper_bounds.at(kDeletePositionId.value),
            EncodeLiteral(TypeOf(TypeId::kLong), int64_t{1'000'000}));
  EXPECT_THAT(deletes->file_path, HasSubstr("/data/c_day=2024-01-31/"));
}

TEST_F(DataWriterTest, PositionsOutOfOrderAreRefused) {
  const WriteTarget target = TargetOf(OneColumn(TypeOf(TypeId::kLong)));
  for (const std::vector<int64_t>& positions :
       {std::vector<int64_t>{}, {1, 1}, {2, 1}, {-1, 1}}) {
    const auto deletes = WritePositionDeletes(target, DataFile{}, positions);
    ASSERT_FALSE(deletes);
    EXPECT_EQ(deletes.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST_F(DataWriterTest, AWriterThatGoesBeforeItGaveItsFilesLeavesNone) {
  const Schema schema = OneColumn(TypeOf(TypeId::kInt));
  {
    WriteOptions options;
    options.target_file_bytes = 1;
    auto writer = DataWriter::Make(TargetOf(schema), options);
    ASSERT_TRUE(writer);
    for (const char* rows : {"[[1]]", "[[2]]"}) {
      ASSERT_TRUE((*writer)->Write(*FromJson(schema, rows)));
      ASSERT_TRUE((*writer)->Write(*FromJson(schema, rows)));
    }
  }
  EXPECT_THAT(store_.Locations(), IsEmpty());
}

TEST_F(DataWriterTest, AFileThatCannotBeClosedTakesTheOthersAlong) {
  const Schema schema = OneColumn(TypeOf(TypeId::kInt));
  const PartitionSpec spec{.spec_id = 0,
                           .fields = {{.source_id = FieldId{1},
                                       .field_id = FieldId{1000},
                                       .name = "c",
                                       .transform = {TransformKind::kIdentity, 0}}}};
  {
    auto writer = DataWriter::Make(TargetOf(schema, spec), {});
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->Write(*FromJson(schema, "[[1], [2], [3]]")));
    store_.FailAfterWrites(2);
    const auto files = (*writer)->Finish();
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().kind, ErrorKind::kUnavailable);
  }
  EXPECT_THAT(store_.Locations(), IsEmpty());
}

}  // namespace
}  // namespace calve::table::testing
