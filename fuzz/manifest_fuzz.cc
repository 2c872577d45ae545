// Fuzzes the readers of manifests and manifest lists: any bytes are refused with a named
// error, or give what our writer writes and our reader reads again unchanged.

#include <string>
#include <vector>

#include "fuzz_input.h"
#include "table/manifest/bytes_store.h"
#include "table/manifest/manifest.h"
#include "table/manifest/manifest_samples.h"

namespace calve::table {
namespace {

using fuzz::Require;

constexpr const char* kLocation = "memory://m.avro";

template <typename T>
bool IsHonest(const Result<T>& result) {
  return result || result.error().kind == ErrorKind::kCorrupt ||
         result.error().kind == ErrorKind::kUnsupported;
}

/// The manifest that is read: three files, as the seeds have, or as many as there are.
ManifestFile Listed() {
  ManifestFile manifest;
  manifest.manifest_path = kLocation;
  manifest.spec_id = SampleSpec().spec_id;
  manifest.sequence_number = 9;
  manifest.added_snapshot_id = 77;
  return manifest;
}

Result<std::vector<ManifestEntry>> Read(BytesStore& store) {
  return ReadManifest(store, Listed(), SampleSpec(), SampleSchema());
}

/// Writes entries and reads them; empty if the writer refuses them.
std::vector<ManifestEntry> Copied(const std::vector<ManifestEntry>& entries) {
  BytesStore store;
  ManifestHeader header = SampleHeader();
  const bool data = entries.empty() || entries[0].file.content == FileContent::kData;
  header.content = data ? ManifestContent::kData : ManifestContent::kDeletes;
  header.format_version = 3;
  const auto written = WriteManifest(store, kLocation, header, entries);
  if (!written) {
    return {};
  }
  const auto read = Read(store);
  Require(read.has_value(), "what was written can be read");
  Require(read->size() == entries.size(), "no entry is lost");
  return *read;
}

void CheckManifest(const std::string& bytes) {
  BytesStore store;
  store.objects[kLocation] = bytes;
  const auto entries = Read(store);
  Require(IsHonest(entries), "bytes are corrupt or unsupported, nothing else");
  if (entries) {
    const std::vector<ManifestEntry> once = Copied(*entries);
    Require(Copied(once) == once, "entries survive a rewrite");
  }
}

void CheckList(const std::string& bytes) {
  BytesStore store;
  store.objects[kLocation] = bytes;
  const auto manifests = ReadManifestList(store, kLocation);
  Require(IsHonest(manifests), "bytes are corrupt or unsupported, nothing else");
  const ManifestListHeader header = {.snapshot_id = 77,
                                     .parent_snapshot_id = {},
                                     .sequence_number = 9,
                                     .format_version = 3,
                                     .first_row_id = {}};
  BytesStore copy;
  if (manifests && WriteManifestList(copy, kLocation, header, *manifests)) {
    const auto again = ReadManifestList(copy, kLocation);
    Require(again && *again == *manifests, "a list survives a rewrite");
  }
}

}  // namespace
}  // namespace calve::table

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(calve::fuzz::TextOf(data, size));
  calve::table::CheckManifest(bytes);
  calve::table::CheckList(bytes);
  return 0;
}
