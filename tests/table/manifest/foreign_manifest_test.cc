// Manifests that PyIceberg wrote (tests/data/manifest/make_fixtures.py).

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "table/manifest/bytes_store.h"
#include "table/manifest/manifest.h"
#include "table/manifest/manifest_samples.h"

namespace calve::table {
namespace {

/// The manifest that a list of the test data names, and its entries.
struct Foreign {
  std::vector<ManifestFile> manifests;
  std::vector<ManifestEntry> entries;
};

Result<Foreign> Read(const std::string& version) {
  BytesStore store;
  const std::string list = "file:///lake/" + version + "-list.avro";
  store.objects[list] = TestData(version + "-list.avro");
  store.objects["file:///lake/" + version + "-manifest.avro"] =
      TestData(version + "-manifest.avro");
  Foreign foreign;
  CALVE_ASSIGN(foreign.manifests, ReadManifestList(store, list));
  CALVE_ASSIGN(foreign.entries, ReadManifest(store, foreign.manifests.at(0), SampleSpec(),
                                             SampleSchema()));
  return foreign;
}

ManifestFile ExpectedManifest(const std::string& version) {
  BytesStore store;
  auto manifest = WriteManifest(store, "file:///lake/" + version + "-manifest.avro",
                                SampleHeader(), SampleEntries());
  manifest->manifest_length_bytes =
      static_cast<int64_t>(TestData(version + "-manifest.avro").size());
  return *manifest;
}

TEST(ForeignManifestTest, ReadsAListAndAManifestOfFormatVersion2) {
  const auto foreign = Read("v2");
  ASSERT_TRUE(foreign) << foreign.error().message;
  EXPECT_EQ(foreign->entries, InheritedEntries(9));
  ManifestFile expected = ExpectedManifest("v2");
  expected.sequence_number = 9;
  EXPECT_EQ(foreign->manifests, std::vector{expected});
}

TEST(ForeignManifestTest, ReadsAListAndAManifestOfFormatVersion1AsSequenceNumber0) {
  const auto foreign = Read("v1");
  ASSERT_TRUE(foreign) << foreign.error().message;
  std::vector<ManifestEntry> expected_entries = SampleEntries();
  for (ManifestEntry& entry : expected_entries) {
    entry.data_sequence_number = entry.file_sequence_number = 0;
  }
  EXPECT_EQ(foreign->entries, expected_entries);
  ManifestFile expected = ExpectedManifest("v1");
  expected.sequence_number = expected.min_sequence_number = 0;
  EXPECT_EQ(foreign->manifests, std::vector{expected});
}

}  // namespace
}  // namespace calve::table
