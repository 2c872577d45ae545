#include "table/manifest/manifest.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/manifest/avro_container.h"
#include "table/manifest/bytes_store.h"
#include "table/manifest/manifest_samples.h"

namespace calve::table {
namespace {

using ::testing::HasSubstr;

constexpr const char* kLocation = "memory://m.avro";

/// Writes and reads back, as a manifest that a list gave a sequence number.
Result<std::vector<ManifestEntry>> RoundTrip(const ManifestHeader& header,
                                             const std::vector<ManifestEntry>& entries,
                                             int64_t sequence_number) {
  BytesStore store;
  CALVE_ASSIGN(ManifestFile manifest, WriteManifest(store, kLocation, header, entries));
  manifest.sequence_number = sequence_number;
  return ReadManifest(store, manifest, header.spec, header.schema);
}

/// The error of a write that must leave nothing behind.
Error WriteError(const ManifestHeader& header,
                 const std::vector<ManifestEntry>& entries) {
  BytesStore store;
  const auto written = WriteManifest(store, kLocation, header, entries);
  EXPECT_TRUE(store.objects.empty());
  return written ? Error{ErrorKind::kInternal, "no error"} : written.error();
}

TEST(ManifestTest, KeepsEveryFigureOfEveryEntryAndInheritsSequenceNumbers) {
  const auto read = RoundTrip(SampleHeader(), SampleEntries(), 9);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, InheritedEntries(9));
}

TEST(ManifestTest, SumsUpItsEntriesForTheManifestList) {
  BytesStore store;
  std::vector<ManifestEntry> entries = SampleEntries();
  entries[1].file.record_count = 20;
  entries[2].file.record_count = 100;
  const auto manifest = WriteManifest(store, kLocation, SampleHeader(), entries);
  ASSERT_TRUE(manifest) << manifest.error().message;
  ManifestFile expected;
  expected.manifest_path = kLocation;
  expected.manifest_length_bytes = static_cast<int64_t>(store.objects[kLocation].size());
  expected.spec_id = 3;
  expected.min_sequence_number = 5;
  expected.added_snapshot_id = 77;
  expected.added_files = expected.existing_files = expected.deleted_files = 1;
  expected.added_rows = 3;
  expected.existing_rows = 20;
  expected.deleted_rows = 100;
  const PartitionValues values = SampleValues();
  const auto type = PartitionType(SampleSpec(), SampleSchema());
  for (size_t i = 0; i < values.size(); ++i) {
    FieldSummary& summary = expected.partitions.emplace_back();
    summary.contains_null = true;
    summary.contains_nan = false;
    if (values[i]) {
      summary.lower_bound = EncodeLiteral(type->children[i].type, *values[i]);
      summary.upper_bound = summary.lower_bound;
    }
  }
  EXPECT_EQ(*manifest, expected);
}

TEST(ManifestTest, LeavesTheMinimumSequenceNumberOpenWhereEveryLiveFileIsNew) {
  BytesStore store;
  std::vector<ManifestEntry> entries = SampleEntries();
  entries.erase(entries.begin() + 1);
  const auto manifest = WriteManifest(store, kLocation, SampleHeader(), entries);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->sequence_number, std::nullopt);
  EXPECT_EQ(manifest->min_sequence_number, std::nullopt);
}

TEST(ManifestTest, BoundsOfAPartitionFieldLeaveOutNullsAndNans) {
  BytesStore store;
  std::vector<ManifestEntry> entries(4, SampleEntries()[0]);
  entries[0].file.partition[9] = Literal(std::numeric_limits<double>::quiet_NaN());
  entries[1].file.partition[9] = Literal(-2.0);
  entries[2].file.partition[9] = Literal(3.0);
  entries[3].file.partition[9] = std::nullopt;
  const auto manifest = WriteManifest(store, kLocation, SampleHeader(), entries);
  ASSERT_TRUE(manifest);
  FieldSummary expected;
  expected.contains_null = true;
  expected.contains_nan = true;
  expected.lower_bound = EncodeLiteral(Primitive("double"), Literal(-2.0));
  expected.upper_bound = EncodeLiteral(Primitive("double"), Literal(3.0));
  EXPECT_EQ(manifest->partitions[9], expected);
}

TEST(ManifestTest, HoldsDeleteFilesOfFormatVersion3) {
  ManifestHeader header = SampleHeader();
  header.format_version = 3;
  header.content = ManifestContent::kDeletes;
  std::vector<ManifestEntry> entries = {SampleEntries()[1], SampleEntries()[1]};
  entries[0].file.content = FileContent::kPositionDeletes;
  entries[0].file.file_format = "PUFFIN";
  entries[0].file.referenced_data_file = "file:///lake/a.parquet";
  entries[0].file.content_offset = 4;
  entries[0].file.content_size_bytes = 40;
  entries[0].file.key_metadata = std::string("\0key", 4);
  entries[1].file.content = FileContent::kEqualityDeletes;
  entries[1].file.equality_ids = {1, 3};
  const auto read = RoundTrip(header, entries, 9);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, entries);
}

TEST(ManifestTest, FilesWithoutARowIdCountOnFromTheManifests) {
  BytesStore store;
  ManifestHeader header = SampleHeader();
  header.format_version = 3;
  std::vector<ManifestEntry> entries = SampleEntries();
  entries.push_back(entries[1]);
  entries[1].file.first_row_id = 5;
  auto manifest = WriteManifest(store, kLocation, header, entries);
  ASSERT_TRUE(manifest);
  manifest->first_row_id = 1000;
  const auto read = ReadManifest(store, *manifest, header.spec, header.schema);
  ASSERT_TRUE(read);
  std::vector<std::optional<int64_t>> ids;
  for (const ManifestEntry& entry : *read) {
    ids.push_back(entry.file.first_row_id);
  }
  EXPECT_THAT(ids, ::testing::ElementsAre(1000, 5, std::nullopt, 1003));
}

TEST(ManifestTest, TakesAnUnpartitionedTable) {
  ManifestHeader header = SampleHeader();
  header.spec = {};
  std::vector<ManifestEntry> entries = {SampleEntries()[1]};
  entries[0].file.partition.clear();
  entries[0].file.spec_id = 0;
  const auto read = RoundTrip(header, entries, 9);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, entries);
}

TEST(ManifestTest, KeepsManyEntriesInOrderOverManyBlocks) {
  std::vector<ManifestEntry> entries;
  for (int i = 0; i < 3000; ++i) {
    entries.push_back(SampleEntries()[1]);
    entries.back().file = SampleFile();
    entries.back().file.file_path += std::to_string(i);
  }
  const auto read = RoundTrip(SampleHeader(), entries, 9);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, entries);
}

TEST(ManifestTest, TheSameEntriesGiveTheSameBytes) {
  BytesStore store;
  ASSERT_TRUE(WriteManifest(store, kLocation, SampleHeader(), SampleEntries()));
  const std::string first = store.objects[kLocation];
  ASSERT_TRUE(WriteManifest(store, kLocation, SampleHeader(), SampleEntries()));
  EXPECT_EQ(store.objects[kLocation], first);
}

TEST(ManifestTest, SaysInItsHeaderWhatTheSpecAsks) {
  BytesStore store;
  ManifestHeader header = SampleHeader();
  header.schema.schema_id = 4;
  header.content = ManifestContent::kDeletes;
  ASSERT_TRUE(WriteManifest(store, kLocation, header, {}));
  const auto container = avro::ContainerReader::Open(store.objects[kLocation]);
  ASSERT_TRUE(container);
  EXPECT_EQ(*container->FindMetadata("schema-id"), "4");
  EXPECT_EQ(*container->FindMetadata("partition-spec-id"), "3");
  EXPECT_EQ(*container->FindMetadata("format-version"), "2");
  EXPECT_EQ(*container->FindMetadata("content"), "deletes");
  EXPECT_THAT(*container->FindMetadata("schema"), HasSubstr("\"timestamptz\""));
  EXPECT_THAT(*container->FindMetadata("partition-spec"), ::testing::StartsWith("[{"));
}

TEST(ManifestTest, ReadsAnOldSpecWhoseColumnIsGoneByTheSchemaItWasWrittenWith) {
  BytesStore store;
  auto manifest = WriteManifest(store, kLocation, SampleHeader(), SampleEntries());
  ASSERT_TRUE(manifest);
  manifest->sequence_number = 9;
  Schema schema = SampleSchema();
  schema.fields.erase(schema.fields.begin() + 2);
  const auto read = ReadManifest(store, *manifest, SampleSpec(), schema);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, InheritedEntries(9));
}

TEST(ManifestTest, APartitionValueWidensWithItsColumn) {
  BytesStore store;
  ManifestHeader header = SampleHeader();
  header.spec.fields = {
      {.source_id = {13}, .field_id = {1000}, .name = "count", .transform = {}},
      {.source_id = {11}, .field_id = {1001}, .name = "ratio", .transform = {}},
      {.source_id = {4}, .field_id = {1002}, .name = "price", .transform = {}}};
  std::vector<ManifestEntry> entries = {SampleEntries()[1]};
  entries[0].file.partition = {Literal(int32_t{-7}), Literal(0.5F),
                               Literal(Decimal{-99})};
  const auto manifest = WriteManifest(store, kLocation, header, entries);
  ASSERT_TRUE(manifest) << manifest.error().message;
  header.schema.fields[12].type.id = TypeId::kLong;
  header.schema.fields[10].type.id = TypeId::kDouble;
  header.schema.fields[3].type.precision = 30;
  const auto read = ReadManifest(store, *manifest, header.spec, header.schema);
  ASSERT_TRUE(read) << read.error().message;
  const PartitionValues expected = {Literal(int64_t{-7}), Literal(0.5),
                                    Literal(Decimal{-99})};
  EXPECT_EQ(read->at(0).file.partition, expected);
}

TEST(ManifestTest, RefusesPartitionValuesThatDoNotFitTheSpec) {
  std::vector<ManifestEntry> entries = SampleEntries();
  entries[0].file.partition.pop_back();
  EXPECT_EQ(WriteError(SampleHeader(), entries).kind, ErrorKind::kInvalidArgument);
  entries = SampleEntries();
  entries[0].file.partition[5] = Literal(std::string("four"));
  const Error error = WriteError(SampleHeader(), entries);
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(error.message,
            "file:///lake/a.parquet: the partition value of code is no fixed[3]");
}

TEST(ManifestTest, RefusesADeleteFileAmongDataFiles) {
  std::vector<ManifestEntry> entries = SampleEntries();
  entries[1].file.content = FileContent::kPositionDeletes;
  EXPECT_EQ(WriteError(SampleHeader(), entries).kind, ErrorKind::kInvalidArgument);
}

TEST(ManifestTest, RefusesAnAddedFileOfAnotherSnapshot) {
  std::vector<ManifestEntry> entries = SampleEntries();
  entries[0].snapshot_id = 60;
  EXPECT_EQ(WriteError(SampleHeader(), entries).kind, ErrorKind::kInvalidArgument);
}

TEST(ManifestTest, RefusesAnExistingFileWithoutASequenceNumber) {
  std::vector<ManifestEntry> entries = SampleEntries();
  entries[1].data_sequence_number.reset();
  EXPECT_EQ(WriteError(SampleHeader(), entries).kind, ErrorKind::kInvalidArgument);
}

TEST(ManifestTest, RefusesToWriteFormatVersion1) {
  ManifestHeader header = SampleHeader();
  header.format_version = 1;
  EXPECT_EQ(WriteError(header, SampleEntries()).kind, ErrorKind::kUnsupported);
}

TEST(ManifestTest, AManifestThatIsNotThereIsNotFound) {
  BytesStore store;
  ManifestFile manifest;
  manifest.manifest_path = kLocation;
  const auto read = ReadManifest(store, manifest, SampleSpec(), SampleSchema());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kNotFound);
}

TEST(ManifestTest, AManifestWithOtherEntriesThanItsListCountsIsCorrupt) {
  BytesStore store;
  auto manifest = WriteManifest(store, kLocation, SampleHeader(), SampleEntries());
  ASSERT_TRUE(manifest);
  manifest->added_files = 2;
  const auto read = ReadManifest(store, *manifest, SampleSpec(), SampleSchema());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(read.error().message,
            "manifest memory://m.avro: 3 entries where its manifest list counts 4");
}

}  // namespace
}  // namespace calve::table
