#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/manifest/avro_container.h"
#include "table/manifest/bytes_store.h"
#include "table/manifest/manifest.h"

namespace calve::table {
namespace {

constexpr const char* kListLocation = "memory://snap.avro";

/// One manifest just written, one of an earlier snapshot.
std::vector<ManifestFile> Manifests() {
  std::vector<ManifestFile> manifests(2);
  manifests[0].manifest_path = "file:///lake/new.avro";
  manifests[0].manifest_length_bytes = 5000;
  manifests[0].spec_id = 3;
  manifests[0].added_snapshot_id = 77;
  manifests[0].added_files = 2;
  manifests[0].added_rows = 20;
  manifests[0].partitions = {{.contains_null = true,
                              .contains_nan = false,
                              .lower_bound = std::string("\0a", 2),
                              .upper_bound = "z"},
                             {}};
  manifests[1].manifest_path = "file:///lake/old.avro";
  manifests[1].content = ManifestContent::kDeletes;
  manifests[1].sequence_number = 4;
  manifests[1].min_sequence_number = 2;
  manifests[1].added_snapshot_id = 60;
  manifests[1].existing_files = 3;
  manifests[1].existing_rows = 30;
  manifests[1].deleted_files = 4;
  manifests[1].deleted_rows = 40;
  manifests[1].key_metadata = "key";
  return manifests;
}

ManifestListHeader Header() {
  ManifestListHeader header;
  header.snapshot_id = 77;
  header.parent_snapshot_id = 60;
  header.sequence_number = 9;
  return header;
}

TEST(ManifestListTest, GivesNewManifestsTheSnapshotsSequenceNumberAndKeepsTheRest) {
  BytesStore store;
  const Status written = WriteManifestList(store, kListLocation, Header(), Manifests());
  ASSERT_TRUE(written) << written.error().message;
  std::vector<ManifestFile> expected = Manifests();
  expected[0].sequence_number = expected[0].min_sequence_number = 9;
  const auto read = ReadManifestList(store, kListLocation);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, expected);
}

TEST(ManifestListTest, KeepsTheMinimumThatAManifestAlreadyHas) {
  BytesStore store;
  std::vector<ManifestFile> manifests = Manifests();
  manifests[0].min_sequence_number = 3;
  ASSERT_TRUE(WriteManifestList(store, kListLocation, Header(), manifests));
  const auto read = ReadManifestList(store, kListLocation);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(0).sequence_number, 9);
  EXPECT_EQ(read->at(0).min_sequence_number, 3);
}

TEST(ManifestListTest, CountsRowIdsOverDataManifestsOfFormatVersion3) {
  BytesStore store;
  ManifestListHeader header = Header();
  header.format_version = 3;
  header.first_row_id = 500;
  std::vector<ManifestFile> manifests = Manifests();
  manifests.push_back(manifests[0]);
  ASSERT_TRUE(WriteManifestList(store, kListLocation, header, manifests));
  const auto read = ReadManifestList(store, kListLocation);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(0).first_row_id, 500);
  EXPECT_EQ(read->at(1).first_row_id, std::nullopt);
  EXPECT_EQ(read->at(2).first_row_id, 520);
}

TEST(ManifestListTest, MayBeEmpty) {
  BytesStore store;
  ASSERT_TRUE(WriteManifestList(store, kListLocation, Header(), {}));
  const auto read = ReadManifestList(store, kListLocation);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->empty());
}

TEST(ManifestListTest, SaysInItsHeaderWhatTheSpecAsks) {
  BytesStore store;
  ManifestListHeader header = Header();
  header.parent_snapshot_id.reset();
  ASSERT_TRUE(WriteManifestList(store, kListLocation, header, {}));
  const auto container = avro::ContainerReader::Open(store.objects[kListLocation]);
  ASSERT_TRUE(container);
  EXPECT_EQ(*container->FindMetadata("snapshot-id"), "77");
  EXPECT_EQ(*container->FindMetadata("parent-snapshot-id"), "null");
  EXPECT_EQ(*container->FindMetadata("sequence-number"), "9");
  EXPECT_EQ(*container->FindMetadata("format-version"), "2");
}

TEST(ManifestListTest, RefusesAManifestOfAnotherSnapshotWithoutASequenceNumber) {
  BytesStore store;
  std::vector<ManifestFile> manifests = Manifests();
  manifests[1].sequence_number.reset();
  const Status written = WriteManifestList(store, kListLocation, Header(), manifests);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_TRUE(store.objects.empty());
}

TEST(ManifestListTest, RefusesToWriteFormatVersion1) {
  BytesStore store;
  ManifestListHeader header = Header();
  header.format_version = 1;
  const Status written = WriteManifestList(store, kListLocation, header, Manifests());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnsupported);
}

TEST(ManifestListTest, AListThatIsNotThereIsNotFound) {
  BytesStore store;
  const auto read = ReadManifestList(store, kListLocation);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace calve::table
