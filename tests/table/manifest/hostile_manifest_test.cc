// Damaged manifests: an error that names the place, never a crash, a hang or silence.

#include <cstddef>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "table/manifest/avro_container.h"
#include "table/manifest/avro_container_builder.h"
#include "table/manifest/bytes_store.h"
#include "table/manifest/manifest.h"
#include "table/manifest/manifest_samples.h"
#include "table/manifest/manifest_schema.h"

namespace calve::table {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kManifest = "memory://m.avro";
constexpr const char* kList = "memory://snap.avro";

struct Written {
  ManifestFile manifest;
  std::string manifest_bytes;
  std::string list_bytes;
};

Written WriteBoth() {
  BytesStore store;
  Written written;
  written.manifest = *WriteManifest(store, kManifest, SampleHeader(), SampleEntries());
  const ManifestListHeader header = {.snapshot_id = 77,
                                     .parent_snapshot_id = {},
                                     .sequence_number = 9,
                                     .format_version = 2,
                                     .first_row_id = {}};
  const Status status =
      WriteManifestList(store, kList, header, std::vector(2, written.manifest));
  EXPECT_TRUE(status);
  written.manifest.sequence_number = 9;
  written.manifest_bytes = store.objects[kManifest];
  written.list_bytes = store.objects[kList];
  return written;
}

Result<std::vector<ManifestEntry>> ReadBytes(const ManifestFile& manifest,
                                             const std::string& bytes) {
  BytesStore store;
  store.objects[manifest.manifest_path] = bytes;
  return ReadManifest(store, manifest, SampleSpec(), SampleSchema());
}

Result<std::vector<ManifestFile>> ReadListBytes(const std::string& bytes) {
  BytesStore store;
  store.objects[kList] = bytes;
  return ReadManifestList(store, kList);
}

TEST(HostileManifestTest, AManifestCutOffAtAnyByteIsCorrupt) {
  const Written written = WriteBoth();
  for (size_t size = 0; size < written.manifest_bytes.size(); ++size) {
    const auto read = ReadBytes(written.manifest, written.manifest_bytes.substr(0, size));
    ASSERT_FALSE(read) << size;
    ASSERT_EQ(read.error().kind, ErrorKind::kCorrupt) << read.error().message;
    ASSERT_THAT(read.error().message, StartsWith("manifest memory://m.avro: "));
  }
}

TEST(HostileManifestTest, AForeignManifestCutOffAtAnyByteIsCorrupt) {
  ManifestFile manifest = WriteBoth().manifest;
  const std::string bytes = TestData("v2-manifest.avro");
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto read = ReadBytes(manifest, bytes.substr(0, size));
    ASSERT_FALSE(read) << size;
    ASSERT_EQ(read.error().kind, ErrorKind::kCorrupt) << read.error().message;
  }
}

TEST(HostileManifestTest, AListCutOffAtAnyByteIsCorrupt) {
  const std::string bytes = WriteBoth().list_bytes;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto read = ReadListBytes(bytes.substr(0, size));
    ASSERT_FALSE(read) << size;
    ASSERT_EQ(read.error().kind, ErrorKind::kCorrupt) << read.error().message;
    ASSERT_THAT(read.error().message, StartsWith("manifest list memory://snap.avro: "));
  }
}

/// Flips bits at random places.
std::string Damaged(std::string bytes) {
  const auto places = *rc::gen::container<std::vector<size_t>>(
      *rc::gen::inRange(1, 4), rc::gen::inRange<size_t>(0, bytes.size()));
  for (const size_t place : places) {
    bytes[place] = static_cast<char>(static_cast<unsigned char>(bytes[place]) ^
                                     *rc::gen::inRange(1U, 256U));
  }
  return bytes;
}

/// Whether a result is a value, or an error that damaged bytes may cause.
template <typename T>
bool IsHonest(const Result<T>& result) {
  return result || result.error().kind == ErrorKind::kCorrupt ||
         result.error().kind == ErrorKind::kUnsupported;
}

RC_GTEST_PROP(HostileManifestTest, FlippedBitsNeverCrashAReader, ()) {
  static const Written kWritten = WriteBoth();
  RC_ASSERT(IsHonest(ReadBytes(kWritten.manifest, Damaged(kWritten.manifest_bytes))));
  RC_ASSERT(IsHonest(ReadListBytes(Damaged(kWritten.list_bytes))));
}

RC_GTEST_PROP(HostileManifestTest, FlippedBitsBelowTheCompressionNeverCrashAReader, ()) {
  static const Written kWritten = WriteBoth();
  static const std::string kPlain = avro::Uncompressed(kWritten.manifest_bytes);
  static const std::string kPlainList = avro::Uncompressed(kWritten.list_bytes);
  RC_ASSERT(IsHonest(ReadBytes(kWritten.manifest, Damaged(kPlain))));
  RC_ASSERT(IsHonest(ReadListBytes(Damaged(kPlainList))));
}

TEST(HostileManifestTest, ReadsTheSameFromAnUncompressedManifest) {
  const Written written = WriteBoth();
  const auto read =
      ReadBytes(written.manifest, avro::Uncompressed(written.manifest_bytes));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, InheritedEntries(9));
}

/// A manifest whose entries have just the fields that every reader needs.
std::string LeanManifest(int64_t status, const std::string& path, int64_t rows) {
  const std::string schema = R"({"type":"record","name":"e","fields":[
      {"name":"status","type":"int","field-id":0},
      {"name":"data_file","field-id":2,"type":{"type":"record","name":"d","fields":[
        {"name":"p","type":"string","field-id":100},
        {"name":"f","type":"string","field-id":101},
        {"name":"r","type":"long","field-id":103},
        {"name":"s","type":"long","field-id":104}]}}]})";
  avro::Encoder entry;
  entry.WriteLong(status);
  entry.WriteBytes(path);
  entry.WriteBytes("parquet");
  entry.WriteLong(rows);
  entry.WriteLong(9);
  return avro::MakeContainer(schema, "null", {{1, entry.bytes()}});
}

std::string LeanFailure(const std::string& bytes) {
  ManifestFile manifest;
  manifest.manifest_path = kManifest;
  manifest.sequence_number = 9;
  const auto read = ReadBytes(manifest, bytes);
  return read ? "" : read.error().message;
}

TEST(HostileManifestTest, NamesTheEntryAndFieldThatAreWrong) {
  EXPECT_EQ(LeanFailure(LeanManifest(1, "a", 3)), "");
  EXPECT_THAT(LeanFailure(LeanManifest(3, "a", 3)),
              HasSubstr("record 0: status: no such code: 3"));
  EXPECT_THAT(LeanFailure(LeanManifest(1, "", 3)),
              HasSubstr("record 0: data_file: a file without a path"));
  EXPECT_THAT(LeanFailure(LeanManifest(1, "a", -3)),
              HasSubstr("record 0: data_file: r: a negative number: -3"));
  EXPECT_THAT(LeanFailure(LeanManifest(0, "a", 3)),
              HasSubstr("record 0: a: an existing file without a sequence number"));
}

TEST(HostileManifestTest, ASchemaWithoutANeededFieldIsCorrupt) {
  EXPECT_EQ(LeanFailure(avro::MakeContainer("\"long\"", "null", {})),
            "manifest memory://m.avro: Avro schema: no record where one should be");
  EXPECT_EQ(LeanFailure(avro::MakeContainer(R"({"type":"record","name":"e","fields":[]})",
                                            "null", {})),
            "manifest memory://m.avro: Avro schema: record e has no field with id 0");
}

TEST(HostileManifestTest, SummariesWithoutBytesDoNotFillTheMemory) {
  const std::string schema = R"({"type":"record","name":"m","fields":[
      {"name":"path","type":"string","field-id":500},
      {"name":"length","type":"long","field-id":501},
      {"name":"spec","type":"int","field-id":502},
      {"name":"partitions","field-id":507,"type":{"type":"array","items":
        {"type":"record","name":"s","fields":[]}}}]})";
  avro::Encoder entry;
  entry.WriteBytes(std::string(10'000, 'a'));
  entry.WriteLong(1);
  entry.WriteInt(0);
  entry.WriteLong(30'000);
  entry.WriteLong(0);
  const auto read =
      ReadListBytes(avro::MakeContainer(schema, "null", {{1, entry.bytes()}}));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("more partition fields than any spec has"));
}

/// The schema in a manifest's header is looked at where the table has lost a column.
TEST(HostileManifestTest, AHeaderThatNestsWithoutEndIsNotFollowed) {
  constexpr size_t kDepth = 1'000'000;
  const std::string schema =
      R"({"type": "struct", "fields": [{"id": 1, "name": "a", "type": "int",)"
      R"( "required": false, "x": )" +
      std::string(kDepth, '[') + std::string(kDepth, ']') + "}]}";
  const Type partition_type = *PartitionType(SampleSpec(), SampleSchema());
  avro::ContainerWriter container(ManifestEntryAvroSchema(2, partition_type),
                                  {{"schema", schema}}, kManifest);
  BytesStore store;
  store.objects[kManifest] = *container.Finish();
  ManifestFile manifest;
  manifest.manifest_path = kManifest;
  const auto entries = ReadManifest(store, manifest, SampleSpec(), Schema{});
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(entries.error().message, HasSubstr("is missing"));
}

}  // namespace
}  // namespace calve::table
