#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "table/manifest/avro_container.h"
#include "table/manifest/field_writer.h"
#include "table/manifest/manifest.h"
#include "table/manifest/manifest_object.h"
#include "table/manifest/manifest_schema.h"
#include "table/manifest/required_fields.h"

namespace calve::table {
namespace {

using avro::Encoder;
using avro::RecordField;
using avro::ValueReader;

/// How many manifests the list has. Avro itself can't tell a list that was cut off
/// between two blocks from a whole one, and each manifest missing would be files missing.
constexpr const char* kCountKey = "calve.manifests";

/// A summary may take no byte in a file, but a hundred in memory.
constexpr size_t kMaxSummaries = 10'000;

Error BadList(std::string message) {
  return Error{ErrorKind::kCorrupt, std::move(message)};
}

std::map<std::string, std::string> Metadata(const ManifestListHeader& header,
                                            size_t manifests) {
  std::map<std::string, std::string> metadata = {
      {"snapshot-id", fmt::to_string(header.snapshot_id)},
      {"parent-snapshot-id", header.parent_snapshot_id
                                 ? fmt::to_string(*header.parent_snapshot_id)
                                 : std::string("null")},
      {"sequence-number", fmt::to_string(header.sequence_number)},
      {"format-version", fmt::to_string(header.format_version)},
      {kCountKey, fmt::to_string(manifests)}};
  if (header.first_row_id.has_value()) {
    metadata["first-row-id"] = fmt::to_string(*header.first_row_id);
  }
  return metadata;
}

// Found by EncodeOptional for lists of summaries.
void EncodeValue(const FieldSummary& summary, Encoder& encoder) {
  for (const FieldSpec& field : SummaryFields()) {
    switch (field.id) {
      case kContainsNullId:
        encoder.WriteBoolean(summary.contains_null);
        break;
      case kContainsNanId:
        EncodeOptional(summary.contains_nan, encoder);
        break;
      case kLowerBoundId:
        EncodeOptional(summary.lower_bound, encoder);
        break;
      default:
        EncodeOptional(summary.upper_bound, encoder);
        break;
    }
  }
}

void EncodeSummaries(const std::vector<FieldSummary>& summaries, Encoder& encoder) {
  encoder.WriteIsPresent(/*present=*/true);
  if (!summaries.empty()) {
    encoder.WriteLong(static_cast<int64_t>(summaries.size()));
    for (const FieldSummary& summary : summaries) {
      EncodeValue(summary, encoder);
    }
  }
  encoder.WriteLong(0);
}

/// An absent sequence number is written as 0, as format version 1 counts it.
Status EncodeField(const FieldSpec& field, const ManifestFile& manifest,
                   Encoder& encoder) {
  switch (field.id) {
    case kManifestPathId:
      encoder.WriteBytes(manifest.manifest_path);
      return {};
    case kManifestLengthId:
      encoder.WriteLong(manifest.manifest_length_bytes);
      return {};
    case kSpecIdId:
      encoder.WriteInt(manifest.spec_id);
      return {};
    case kManifestContentId:
      encoder.WriteInt(static_cast<int32_t>(manifest.content));
      return {};
    case kSequenceNumberId:
      encoder.WriteLong(manifest.sequence_number.value_or(0));
      return {};
    case kMinSequenceNumberId:
      encoder.WriteLong(manifest.min_sequence_number.value_or(0));
      return {};
    case kAddedSnapshotIdId:
      encoder.WriteLong(manifest.added_snapshot_id);
      return {};
    case kAddedFilesId:
      encoder.WriteInt(manifest.added_files);
      return {};
    case kExistingFilesId:
      encoder.WriteInt(manifest.existing_files);
      return {};
    case kDeletedFilesId:
      encoder.WriteInt(manifest.deleted_files);
      return {};
    case kAddedRowsId:
      encoder.WriteLong(manifest.added_rows);
      return {};
    case kExistingRowsId:
      encoder.WriteLong(manifest.existing_rows);
      return {};
    case kDeletedRowsId:
      encoder.WriteLong(manifest.deleted_rows);
      return {};
    case kPartitionsId:
      EncodeSummaries(manifest.partitions, encoder);
      return {};
    case kManifestKeyMetadataId:
      EncodeOptional(manifest.key_metadata, encoder);
      return {};
    case kManifestFirstRowIdId:
      EncodeOptional(manifest.first_row_id, encoder);
      return {};
    default:
      return Error{ErrorKind::kInternal,
                   fmt::format("no encoding for manifest list field {}", field.name)};
  }
}

Status EncodeManifest(const ManifestFile& manifest, int32_t format_version,
                      Encoder& encoder) {
  for (const FieldSpec& field : FieldsOf(ManifestFileFields(), format_version)) {
    CALVE_TRY(EncodeField(field, manifest, encoder));
  }
  return {};
}

/// Gives manifests what they take from the snapshot that lists them first.
class Inheritance {
 public:
  explicit Inheritance(const ManifestListHeader& header)
      : header_(header), next_row_id_(header.first_row_id) {}

  Result<ManifestFile> Apply(ManifestFile manifest) {
    const bool unset = !manifest.sequence_number || !manifest.min_sequence_number;
    if (unset && manifest.added_snapshot_id != header_.snapshot_id) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("manifest {} of snapshot {} has no sequence number of its own",
                      manifest.manifest_path, manifest.added_snapshot_id)};
    }
    manifest.sequence_number = manifest.sequence_number.value_or(header_.sequence_number);
    manifest.min_sequence_number =
        manifest.min_sequence_number.value_or(*manifest.sequence_number);
    AssignRowIds(manifest);
    return manifest;
  }

 private:
  void AssignRowIds(ManifestFile& manifest) {
    if (!next_row_id_ || manifest.first_row_id ||
        manifest.content != ManifestContent::kData) {
      return;
    }
    manifest.first_row_id = next_row_id_;
    *next_row_id_ += manifest.existing_rows + manifest.added_rows;
  }

  const ManifestListHeader& header_;  // Outlives this.
  std::optional<int64_t> next_row_id_;
};

Status ReadSummary(ValueReader& values, avro::TypeRef type, FieldSummary& summary) {
  return values.ReadRecord(type, [&](const RecordField& field) {
    switch (field.field_id.value_or(-1)) {
      case kContainsNullId:
        return values.Read(field.type, summary.contains_null);
      case kContainsNanId:
        return values.Read(field.type, summary.contains_nan);
      case kLowerBoundId:
        return values.Read(field.type, summary.lower_bound);
      case kUpperBoundId:
        return values.Read(field.type, summary.upper_bound);
      default:
        return values.Skip(field.type);
    }
  });
}

Status ReadSummaries(ValueReader& values, avro::TypeRef type,
                     std::vector<FieldSummary>& summaries) {
  return values.ReadItems(type, [&](avro::TypeRef item) {
    return summaries.size() < kMaxSummaries
               ? ReadSummary(values, item, summaries.emplace_back())
               : Status(BadList("more partition fields than any spec has"));
  });
}

/// Reads a number that format version 1 lets a writer leave out, as 0.
template <typename T>
Status ReadOrZero(ValueReader& values, avro::TypeRef type, T& into) {
  std::optional<T> value;
  CALVE_TRY(values.Read(type, value));
  into = value.value_or(0);
  return into >= 0 ? Status{} : BadList(fmt::format("a negative number: {}", into));
}

Status ReadContent(ValueReader& values, avro::TypeRef type, ManifestContent& content) {
  int32_t code = 0;
  CALVE_TRY(ReadOrZero(values, type, code));
  if (code > static_cast<int32_t>(ManifestContent::kDeletes)) {
    return BadList(fmt::format("no such content: {}", code));
  }
  content = static_cast<ManifestContent>(code);
  return {};
}

Status ReadCount(ValueReader& values, const RecordField& field, ManifestFile& manifest) {
  switch (field.field_id.value_or(-1)) {
    case kAddedFilesId:
      return ReadOrZero(values, field.type, manifest.added_files);
    case kExistingFilesId:
      return ReadOrZero(values, field.type, manifest.existing_files);
    case kDeletedFilesId:
      return ReadOrZero(values, field.type, manifest.deleted_files);
    case kAddedRowsId:
      return ReadOrZero(values, field.type, manifest.added_rows);
    case kExistingRowsId:
      return ReadOrZero(values, field.type, manifest.existing_rows);
    case kDeletedRowsId:
      return ReadOrZero(values, field.type, manifest.deleted_rows);
    default:
      return values.Skip(field.type);
  }
}

Status ReadField(ValueReader& values, const RecordField& field, ManifestFile& manifest) {
  switch (field.field_id.value_or(-1)) {
    case kManifestPathId:
      return values.Read(field.type, manifest.manifest_path);
    case kManifestLengthId:
      return values.Read(field.type, manifest.manifest_length_bytes);
    case kSpecIdId:
      return values.Read(field.type, manifest.spec_id);
    case kManifestContentId:
      return ReadContent(values, field.type, manifest.content);
    case kSequenceNumberId:
      return ReadOrZero(values, field.type, manifest.sequence_number.emplace());
    case kMinSequenceNumberId:
      return ReadOrZero(values, field.type, manifest.min_sequence_number.emplace());
    case kAddedSnapshotIdId:
      return ReadOrZero(values, field.type, manifest.added_snapshot_id);
    case kPartitionsId:
      return ReadSummaries(values, field.type, manifest.partitions);
    case kManifestKeyMetadataId:
      return values.Read(field.type, manifest.key_metadata);
    case kManifestFirstRowIdId:
      return values.Read(field.type, manifest.first_row_id);
    default:
      return ReadCount(values, field, manifest);
  }
}

Result<ManifestFile> ReadManifestFile(ValueReader& values) {
  ManifestFile manifest;
  CALVE_TRY(values.ReadRecord(values.schema().root(), [&](const RecordField& field) {
    return ReadField(values, field, manifest);
  }));
  if (manifest.manifest_path.empty()) {
    return BadList("a manifest without a path");
  }
  // Before format version 2 there were none, which counts as 0.
  manifest.sequence_number = manifest.sequence_number.value_or(0);
  manifest.min_sequence_number = manifest.min_sequence_number.value_or(0);
  return manifest;
}

Result<std::vector<ManifestFile>> ParseList(std::string_view bytes) {
  constexpr std::array kNeeded = {kManifestPathId, kManifestLengthId, kSpecIdId};
  CALVE_ASSIGN(avro::ContainerReader container, avro::ContainerReader::Open(bytes));
  CALVE_TRY(RequireFields(container.schema(), container.schema().root(), kNeeded));
  std::vector<ManifestFile> manifests;
  CALVE_TRY(container.ForEachRecord([&](ValueReader& values) -> Status {
    CALVE_ASSIGN(ManifestFile manifest, ReadManifestFile(values));
    manifests.push_back(std::move(manifest));
    return {};
  }));
  const std::string* count = container.FindMetadata(kCountKey);
  if (count != nullptr && *count != fmt::to_string(manifests.size())) {
    return BadList(fmt::format("{} manifests where its header counts {:.20}",
                               manifests.size(), *count));
  }
  return manifests;
}

}  // namespace

Status WriteManifestList(io::ObjectStore& store, const std::string& location,
                         const ManifestListHeader& header,
                         std::span<const ManifestFile> manifests) {
  if (header.format_version != 2 && header.format_version != 3) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("cannot write manifest lists of format version {}",
                             header.format_version)};
  }
  avro::ContainerWriter container(ManifestFileAvroSchema(header.format_version),
                                  Metadata(header, manifests.size()), location);
  Inheritance inheritance(header);
  for (const ManifestFile& manifest : manifests) {
    CALVE_ASSIGN(const ManifestFile complete, inheritance.Apply(manifest));
    CALVE_TRY(EncodeManifest(complete, header.format_version, container.encoder()));
    CALVE_TRY(container.EndRecord());
  }
  CALVE_ASSIGN(const std::string bytes, container.Finish());
  return io::WriteObject(store, location, bytes);
}

Result<std::vector<ManifestFile>> ReadManifestList(io::ObjectStore& store,
                                                   const std::string& location) {
  CALVE_ASSIGN(const std::string bytes, ReadManifestObject(store, location));
  auto manifests = ParseList(bytes);
  if (!manifests) {
    return avro::Within("manifest list " + location, manifests.error());
  }
  return manifests;
}

}  // namespace calve::table
