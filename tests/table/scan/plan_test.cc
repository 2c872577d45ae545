#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "table/data/arrow_literal.h"
#include "table/data/position_delete_schema.h"
#include "table/scan/scan_fixture.h"

namespace calve::table::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Schema TestSchema() {
  Schema schema;
  schema.fields = {Column(1, "n", TypeOf(TypeId::kInt)),
                   Column(2, "s", TypeOf(TypeId::kString)),
                   Column(3, "d", TypeOf(TypeId::kDouble)),
                   Column(4, "at", TypeOf(TypeId::kTimestamptz))};
  return schema;
}

PartitionField FieldOf(int32_t source, int32_t id, Transform transform) {
  return {.source_id = FieldId{source},
          .field_id = FieldId{id},
          .name = "p" + std::to_string(id),
          .transform = transform};
}

/// Partitioned by the number itself.
PartitionSpec NumberSpec() {
  return {.spec_id = 1, .fields = {FieldOf(1, 1000, {TransformKind::kIdentity, 0})}};
}

ColumnFilter NumberIs(int32_t value) {
  return {.column = FieldId{1},
          .lower = Literal(value),
          .upper = Literal(value),
          .values = {}};
}

class PlanTest : public ScanTest {
 protected:
  /// One file with one row, its number.
  DataFile FileOf(const PartitionSpec& spec, int number) {
    const Schema schema = TestSchema();
    return WriteAll(
        TargetOf(schema, spec),
        {FromJson(schema, "[[" + std::to_string(number) + ", null, null, null]]")})[0];
  }

  std::vector<ScanTask> Plan(const TableMetadata& metadata,
                             const std::vector<ColumnFilter>& filters = {}) {
    auto tasks = PlanScan(store_, metadata, metadata.snapshots.back(), filters);
    EXPECT_TRUE(tasks) << tasks.error().message;
    return *tasks;
  }

  std::vector<std::string> Numbers(const std::vector<ScanTask>& tasks) {
    Schema schema = TestSchema();
    schema.fields.resize(1);
    return Read(tasks, Reading(schema));
  }

  /// A position delete file of other writers, for all files of its partition.
  DataFile SharedDeletes(const DataFile& like, const std::vector<std::string>& paths) {
    const auto schema = arrow::schema(
        {arrow::field("file_path", arrow::utf8()), arrow::field("pos", arrow::int64())});
    std::string rows;
    for (const std::string& path : paths) {
      rows += (rows.empty() ? "[\"" : ", [\"") + path + "\", 0]";
    }
    DataFile file = WriteForeign(FromJson(schema, "[" + rows + "]"));
    file.content = FileContent::kPositionDeletes;
    file.spec_id = like.spec_id;
    file.partition = like.partition;
    return file;
  }
};

/// As Iceberg's Java library ordered UUIDs: as two signed numbers.
bool SignedLess(const std::string& a, const std::string& b) {
  const auto halves = [](const std::string& uuid) {
    std::string flipped = uuid;
    for (const size_t half : {0, 8}) {
      flipped[half] = static_cast<char>(flipped[half] ^ 0x80);
    }
    return flipped;
  };
  return halves(a) < halves(b);
}

TEST_F(PlanTest, BoundsOfUuidsThatJavaTookTogetherLoseNoRow) {
  Schema schema;
  schema.fields = {Column(1, "u", TypeOf(TypeId::kUuid))};
  const auto half = rc::gen::element<std::string>("\x01", "\x7F", "\x80", "\xFE");
  const auto uuid = rc::gen::apply(
      [](const std::string& a, const std::string& b) {
        return a + std::string(7, 'x') + b + std::string(7, 'y');
      },
      half, half);
  EXPECT_TRUE(rc::check([&] {
    const auto groups =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(
            rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(uuid))));
    std::vector<std::string> least;
    std::vector<std::string> greatest;
    DataFile file;
    file.file_path = "memory://lake/u.parquet";
    std::set<std::string> values;
    for (const auto& group : groups) {
      values.insert(group.begin(), group.end());
      least.push_back(*std::ranges::min_element(group));
      greatest.push_back(*std::ranges::max_element(group));
      file.split_offsets.push_back(static_cast<int64_t>(file.split_offsets.size()));
      file.record_count += static_cast<int64_t>(group.size());
    }
    file.lower_bounds[1] = *std::ranges::min_element(least, SignedLess);
    file.upper_bounds[1] = *std::ranges::max_element(greatest, SignedLess);
    TableMetadata metadata = NewTable(schema);
    manifests_.clear();
    Commit(metadata, "append", {.data = {file}, .deletes = {}});
    for (const std::string& value : values) {
      RC_ASSERT(Plan(metadata, {{.column = FieldId{1},
                                 .lower = Literal(value),
                                 .upper = Literal(value),
                                 .values = {}}})
                    .size() == 1U);
    }
  }));
}

/// As files have it that were taken over from Hive, where the folder's name is the value.
TEST_F(PlanTest, AFileWithoutItsIdentityColumnHasThePartitionsValue) {
  const BatchPtr row = FromJson(EveryTypeSchema(), R"([
    [true, -2, -3, 1.5, -0.0, "-9.99", "9.9999", "-9.0000000001", -1, 1,
     "1969-01-01", "2024-01-31 23:59:59.123456", "", "0123456789abcdef", "abc", "x"]])");
  for (int column = 0; column < row->num_columns(); ++column) {
    Schema schema;
    schema.fields = {Column(99, "other", TypeOf(TypeId::kInt))};
    DataFile file = WriteAll(TargetOf(schema), {FromJson(schema, "[[5]]")})[0];
    schema.fields.push_back(EveryTypeSchema().fields[static_cast<size_t>(column)]);
    const Field& field = schema.fields.back();
    PartitionSpec spec{
        .spec_id = 1,
        .fields = {FieldOf(field.id.value, 1000, {TransformKind::kIdentity, 0})}};
    file.spec_id = 1;
    file.partition = {LiteralAt(*row->column(column), field.type, 0)};
    TableMetadata metadata = NewTable(schema, spec);
    manifests_.clear();
    Commit(metadata, "append", {.data = {file}, .deletes = {}});
    const auto read = ReadBatches(Plan(metadata).front(), Reading(schema));
    ASSERT_TRUE(read) << field.name << ": " << read.error().message;
    EXPECT_TRUE(read->front()->column(1)->Equals(row->column(column))) << field.name;
  }
}

TEST_F(PlanTest, AColumnThatTheFileHasIsReadFromIt) {
  TableMetadata metadata = NewTable(TestSchema(), NumberSpec());
  DataFile file = FileOf(NumberSpec(), 1);
  file.partition = {Literal(int32_t{2})};
  Commit(metadata, "append", {.data = {file}, .deletes = {}});
  EXPECT_THAT(Numbers(Plan(metadata)), ElementsAre("1"));
}

TEST_F(PlanTest, FilesComeBySequenceNumberThenPath) {
  TableMetadata metadata = NewTable(TestSchema());
  const DataFile a = FileOf({}, 1);
  const DataFile b = FileOf({}, 2);
  const DataFile c = FileOf({}, 3);
  Commit(metadata, "append", {.data = {c}, .deletes = {}});
  Commit(metadata, "append", {.data = {b, a}, .deletes = {}});
  const auto tasks = Plan(metadata);
  ASSERT_EQ(tasks.size(), 3U);
  EXPECT_EQ(tasks[0].file, c);
  EXPECT_EQ(tasks[0].data_sequence_number, 1);
  EXPECT_EQ(tasks[1].file.file_path, std::min(a.file_path, b.file_path));
  EXPECT_EQ(tasks[2].file.file_path, std::max(a.file_path, b.file_path));
  EXPECT_EQ(tasks[2].data_sequence_number, 2);
}

TEST_F(PlanTest, AnOlderSnapshotHasItsOwnFiles) {
  TableMetadata metadata = NewTable(TestSchema());
  Commit(metadata, "append", {.data = {FileOf({}, 1)}, .deletes = {}});
  Commit(metadata, "append", {.data = {FileOf({}, 2)}, .deletes = {}});
  EXPECT_THAT(Numbers(*PlanScan(store_, metadata, metadata.snapshots[0], {})),
              ElementsAre("1"));
  EXPECT_THAT(Numbers(Plan(metadata)), ElementsAre("1", "2"));
}

TEST_F(PlanTest, DeletedEntriesAreNotLive) {
  TableMetadata metadata = NewTable(TestSchema());
  ManifestEntry entry;
  entry.status = EntryStatus::kDeleted;
  entry.snapshot_id = 100;
  entry.data_sequence_number = 1;
  entry.file_sequence_number = 1;
  entry.file = FileOf({}, 1);
  Snapshot snapshot;
  snapshot.snapshot_id = {100};
  AddEntries(metadata, snapshot, {}, ManifestContent::kData, {entry});
  Commit(metadata, "delete", {});
  EXPECT_THAT(Plan(metadata), IsEmpty());
}

TEST_F(PlanTest, FilesAndManifestsThatCannotMatchAreLeftOut) {
  for (const PartitionSpec& spec : {PartitionSpec{}, NumberSpec()}) {
    manifests_.clear();
    TableMetadata metadata = NewTable(TestSchema(), spec);
    Commit(metadata, "append",
           {.data = {FileOf(spec, 1), FileOf(spec, 2)}, .deletes = {}});
    Commit(metadata, "append", {.data = {FileOf(spec, 3)}, .deletes = {}});
    EXPECT_THAT(Numbers(Plan(metadata, {NumberIs(2)})), ElementsAre("2"));
    EXPECT_THAT(Plan(metadata, {NumberIs(4)}), IsEmpty());
    EXPECT_EQ(Plan(metadata, {NumberIs(2), NumberIs(3)}).size(), 0U);
  }
}

TEST_F(PlanTest, AManifestWhosePartitionsCannotMatchIsNotRead) {
  TableMetadata metadata = NewTable(TestSchema(), NumberSpec());
  Commit(metadata, "append", {.data = {FileOf(NumberSpec(), 1)}, .deletes = {}});
  ASSERT_TRUE(store_.Delete(manifests_[0].manifest_path));
  EXPECT_THAT(Plan(metadata, {NumberIs(2)}), IsEmpty());
  const auto tasks = PlanScan(store_, metadata, metadata.snapshots[0], {NumberIs(1)});
  ASSERT_FALSE(tasks);
  EXPECT_EQ(tasks.error().kind, ErrorKind::kNotFound);
}

TEST_F(PlanTest, AFilterThatFitsNoColumnIsRefused) {
  TableMetadata metadata = NewTable(TestSchema());
  Commit(metadata, "append", {});
  for (const ColumnFilter& filter :
       {ColumnFilter{FieldId{9}, Literal(int32_t{1}), std::nullopt, {}},
        ColumnFilter{FieldId{1}, Literal(int64_t{1}), std::nullopt, {}}}) {
    const auto tasks = PlanScan(store_, metadata, metadata.snapshots[0], {filter});
    ASSERT_FALSE(tasks);
    EXPECT_EQ(tasks.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST_F(PlanTest, AnUnknownSpecIsCorrupt) {
  TableMetadata metadata = NewTable(TestSchema(), NumberSpec());
  Commit(metadata, "append", {.data = {FileOf(NumberSpec(), 1)}, .deletes = {}});
  metadata.partition_specs[0].spec_id = 7;
  const auto tasks = PlanScan(store_, metadata, metadata.snapshots[0], {});
  ASSERT_FALSE(tasks);
  EXPECT_EQ(tasks.error().kind, ErrorKind::kCorrupt);
}

TEST_F(PlanTest, ASpecMaySpeakOfADroppedColumn) {
  TableMetadata metadata = NewTable(TestSchema(), NumberSpec());
  Commit(metadata, "append", {.data = {FileOf(NumberSpec(), 1)}, .deletes = {}});
  Schema dropped = TestSchema();
  dropped.schema_id = 1;
  dropped.fields.erase(dropped.fields.begin());
  metadata.schemas.push_back(dropped);
  metadata.current_schema_id = 1;
  EXPECT_EQ(Plan(metadata).size(), 1U);
}

TEST_F(PlanTest, FileScopedDeletesApplyToTheirFileAlone) {
  TableMetadata metadata = NewTable(TestSchema());
  const DataFile a = FileOf({}, 1);
  const DataFile b = FileOf({}, 2);
  Commit(metadata, "append", {.data = {a, b}, .deletes = {}});
  const DataFile deletes = *WritePositionDeletes(TargetOf(TestSchema()), a, {0});
  Commit(metadata, "delete", {.data = {}, .deletes = {deletes}});
  std::map<std::string, size_t> counts;
  for (const ScanTask& task : Plan(metadata)) {
    counts[task.file.file_path] = task.deletes.size();
  }
  EXPECT_EQ(counts, (std::map<std::string, size_t>{{a.file_path, 1}, {b.file_path, 0}}));
  EXPECT_THAT(Numbers(Plan(metadata)), ElementsAre("2"));
}

TEST_F(PlanTest, DeletesApplyToDataOfTheirOwnSnapshotAndOlderOnly) {
  TableMetadata metadata = NewTable(TestSchema());
  const DataFile later = FileOf({}, 1);
  const DataFile same = FileOf({}, 2);
  const DataFile old = FileOf({}, 3);
  const DataFile deletes =
      SharedDeletes(same, {old.file_path, same.file_path, later.file_path});
  Commit(metadata, "append", {.data = {old}, .deletes = {}});
  Commit(metadata, "overwrite", {.data = {same}, .deletes = {deletes}});
  Commit(metadata, "append", {.data = {later}, .deletes = {}});
  EXPECT_THAT(Numbers(Plan(metadata)), ElementsAre("1"));
}

TEST_F(PlanTest, PartitionScopedDeletesStayInTheirPartition) {
  TableMetadata metadata = NewTable(TestSchema(), NumberSpec());
  const DataFile a = FileOf(NumberSpec(), 1);
  const DataFile b = FileOf(NumberSpec(), 2);
  Commit(metadata, "append", {.data = {a, b}, .deletes = {}});
  Commit(metadata, "delete",
         {.data = {}, .deletes = {SharedDeletes(a, {a.file_path, b.file_path})}});
  EXPECT_THAT(Numbers(Plan(metadata)), ElementsAre("2"));
  EXPECT_THAT(Numbers(Plan(metadata, {NumberIs(1)})), IsEmpty());
  EXPECT_THAT(Numbers(Plan(metadata, {NumberIs(2)})), ElementsAre("2"));
}

TEST_F(PlanTest, DeletesWhoseBoundsExcludeTheFileAreLeftOut) {
  TableMetadata metadata = NewTable(TestSchema());
  const DataFile file = FileOf({}, 1);
  Commit(metadata, "append", {.data = {file}, .deletes = {}});
  DataFile below = SharedDeletes(file, {file.file_path});
  below.lower_bounds[kDeleteFilePathId.value] = "";
  below.upper_bounds[kDeleteFilePathId.value] = "!";
  DataFile around = SharedDeletes(file, {file.file_path});
  around.lower_bounds[kDeleteFilePathId.value] = "memory:";
  around.upper_bounds[kDeleteFilePathId.value] = "memory;";
  Commit(metadata, "delete", {.data = {}, .deletes = {below, around}});
  const auto tasks = Plan(metadata);
  ASSERT_EQ(tasks[0].deletes.size(), 1U);
  EXPECT_EQ(tasks[0].deletes[0], around);
}

TEST_F(PlanTest, AnEqualityDeleteThatAppliesIsUnsupported) {
  TableMetadata metadata = NewTable(TestSchema(), NumberSpec());
  const DataFile older = FileOf(NumberSpec(), 1);
  const DataFile other = FileOf(NumberSpec(), 2);
  const DataFile same = FileOf(NumberSpec(), 3);
  Commit(metadata, "append", {.data = {older, other}, .deletes = {}});
  DataFile deletes = older;
  deletes.file_path = "/equality.parquet";
  deletes.content = FileContent::kEqualityDeletes;
  deletes.equality_ids = {1};
  DataFile of_same = deletes;
  of_same.partition = same.partition;
  Commit(metadata, "overwrite", {.data = {same}, .deletes = {deletes, of_same}});
  const auto tasks = PlanScan(store_, metadata, metadata.snapshots.back(), {});
  ASSERT_FALSE(tasks);
  EXPECT_EQ(tasks.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(tasks.error().message, HasSubstr("/equality.parquet"));
  // It is older rows that an equality delete means, of its own partition.
  EXPECT_THAT(Numbers(Plan(metadata, {NumberIs(2)})), ElementsAre("2"));
  EXPECT_THAT(Numbers(Plan(metadata, {NumberIs(3)})), ElementsAre("3"));
}

TEST_F(PlanTest, ADeletionVectorThatAppliesIsUnsupported) {
  TableMetadata metadata = NewTable(TestSchema());
  const DataFile file = FileOf({}, 1);
  Commit(metadata, "append", {.data = {file, FileOf({}, 2)}, .deletes = {}});
  DataFile vector;
  vector.content = FileContent::kPositionDeletes;
  vector.file_format = "PUFFIN";
  vector.file_path = "/vectors.puffin";
  vector.referenced_data_file = file.file_path;
  vector.record_count = 1;
  Commit(metadata, "delete", {.data = {}, .deletes = {vector}});
  const auto tasks = PlanScan(store_, metadata, metadata.snapshots.back(), {});
  ASSERT_FALSE(tasks);
  EXPECT_EQ(tasks.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(tasks.error().message, HasSubstr("/vectors.puffin"));
  EXPECT_THAT(Numbers(Plan(metadata, {NumberIs(2)})), ElementsAre("2"));
}

/// A random row, with values that repeat, and its texts.
std::string RandomRow() {
  const auto number = [] {
    return *rc::gen::element<std::string>("null", "-3", "0", "1", "7", "2147483647",
                                          "-2147483648");
  };
  const auto text = *rc::gen::element<std::string>(
      "null", R"("")", R"("a")", R"("aaaaaaaaaaaaaaaaaaaa")", R"("aaaaaaaaaaaaaaaab")",
      R"("\uD834\uDD1E")");
  const auto real =
      *rc::gen::element<std::string>("null", "NaN", "-0.0", "0.0", "1.5", "Inf", "-Inf");
  const auto time = *rc::gen::element<std::string>(
      "null", R"("1969-12-31 23:59:59.999999")", R"("1970-01-01 00:00:00")",
      R"("2024-01-31 10:00:00")", R"("2024-02-01 00:00:00")");
  return "[" + number() + ", " + text + ", " + real + ", " + time + "]";
}

PartitionSpec RandomSpec() {
  PartitionSpec spec{.spec_id = 1, .fields = {}};
  for (const PartitionField& field : {FieldOf(1, 1000, {TransformKind::kIdentity, 0}),
                                      FieldOf(1, 1001, {TransformKind::kTruncate, 10}),
                                      FieldOf(1, 1002, {TransformKind::kBucket, 3}),
                                      FieldOf(2, 1003, {TransformKind::kTruncate, 1}),
                                      FieldOf(3, 1004, {TransformKind::kIdentity, 0}),
                                      FieldOf(4, 1005, {TransformKind::kMonth, 0})}) {
    if (*rc::gen::inRange(0, 3) == 0) {
      spec.fields.push_back(field);
    }
  }
  return spec;
}

/// Literals of a column, as the rows have them.
std::vector<Literal> LiteralsOf(const arrow::RecordBatch& rows, size_t column) {
  std::vector<Literal> literals;
  const Field field = TestSchema().fields[column];
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const auto value = LiteralAt(*rows.column(static_cast<int>(column)), field.type, row);
    const auto* real = value ? std::get_if<double>(&*value) : nullptr;
    if (value && (real == nullptr || *real == *real)) {
      literals.push_back(*value);
    }
  }
  return literals;
}

std::vector<ColumnFilter> RandomFilters(const arrow::RecordBatch& rows) {
  std::vector<ColumnFilter> filters;
  for (int count = *rc::gen::inRange(0, 3); count > 0; --count) {
    const auto column = *rc::gen::inRange<size_t>(0, 4);
    const auto literals = LiteralsOf(rows, column);
    ColumnFilter filter{FieldId{static_cast<int32_t>(column) + 1}, {}, {}, {}};
    if (!literals.empty()) {
      const auto any = [&] { return *rc::gen::elementOf(literals); };
      const int kind = *rc::gen::inRange(0, 4);
      filter.lower = kind % 2 == 0 ? std::optional(any()) : std::nullopt;
      filter.upper = kind == 0 || kind == 1 ? std::optional(any()) : std::nullopt;
      if (kind == 3) {
        filter.values = {any(), any()};
        std::ranges::sort(filter.values, [](const Literal& a, const Literal& b) {
          return Compare(a, b) < 0;
        });
      }
    }
    filters.push_back(std::move(filter));
  }
  return filters;
}

bool Matches(const ColumnFilter& filter, const arrow::RecordBatch& rows, int64_t row) {
  if (!filter.lower && !filter.upper && filter.values.empty()) {
    return true;
  }
  const auto column = static_cast<size_t>(filter.column.value) - 1;
  const auto value = LiteralAt(*rows.column(static_cast<int>(column)),
                               TestSchema().fields[column].type, row);
  const auto* real = value ? std::get_if<double>(&*value) : nullptr;
  if (!value || (real != nullptr && *real != *real)) {
    return false;
  }
  // By C++'s own order of the alternatives, in which zeros of either sign are equal.
  return (!filter.lower || *value >= *filter.lower) &&
         (!filter.upper || *value <= *filter.upper) &&
         (filter.values.empty() ||
          std::ranges::find(filter.values, *value) != filter.values.end());
}

TEST_F(PlanTest, PruningNeverLosesAMatchingRow) {
  size_t pruned_rows = 0;
  EXPECT_TRUE(rc::check([&] {
    manifests_.clear();
    const Schema schema = TestSchema();
    TableMetadata metadata = NewTable(schema, RandomSpec());
    WriteOptions options;
    options.row_group_rows = 2;
    std::string all_rows;
    for (int commit = *rc::gen::inRange(1, 4); commit > 0; --commit) {
      std::string rows;
      for (int count = *rc::gen::inRange(1, 6); count > 0; --count) {
        rows += (rows.empty() ? "" : ", ") + RandomRow();
      }
      all_rows += (all_rows.empty() ? "" : ", ") + rows;
      Commit(metadata, "append",
             {.data = WriteAll(TargetOf(schema, metadata.partition_specs[0]),
                               {FromJson(schema, "[" + rows + "]")}, options),
              .deletes = {}});
    }
    const BatchPtr all = FromJson(schema, "[" + all_rows + "]");
    const auto filters = RandomFilters(*all);
    std::vector<std::string> expected;
    const auto texts = RowsOf(*all);
    for (int64_t row = 0; row < all->num_rows(); ++row) {
      if (std::ranges::all_of(filters, [&](const ColumnFilter& filter) {
            return Matches(filter, *all, row);
          })) {
        expected.push_back(texts[static_cast<size_t>(row)]);
      }
    }
    ReadOptions reading = Reading(schema);
    reading.filters = filters;
    auto read = Read(Plan(metadata, filters), reading);
    auto everything = texts;
    std::ranges::sort(read);
    std::ranges::sort(expected);
    std::ranges::sort(everything);
    RC_ASSERT(std::ranges::includes(read, expected));
    RC_ASSERT(std::ranges::includes(everything, read));
    pruned_rows += everything.size() - read.size();
  }));
  EXPECT_GT(pruned_rows, 0U);
}

}  // namespace
}  // namespace calve::table::testing
