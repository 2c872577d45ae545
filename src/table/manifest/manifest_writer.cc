#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/manifest/avro_container.h"
#include "table/manifest/field_writer.h"
#include "table/manifest/manifest.h"
#include "table/manifest/manifest_schema.h"
#include "table/manifest/partition_summary.h"
#include "table/manifest/partition_value.h"
#include "table/schema/json_member.h"

namespace calve::table {
namespace {

constexpr int32_t kOldestWritten = 2;
constexpr int32_t kNewestWritten = 3;

Error Invalid(std::string message) {
  return Error{ErrorKind::kInvalidArgument, std::move(message)};
}

std::map<std::string, std::string> Metadata(const ManifestHeader& header) {
  const nlohmann::json spec = PartitionSpecToJson(header.spec);
  return {
      {"schema", WriteJson(SchemaToJson(header.schema))},
      {"schema-id", fmt::to_string(header.schema.schema_id)},
      {"partition-spec", WriteJson(spec.is_object() ? spec.value("fields", spec) : spec)},
      {"partition-spec-id", fmt::to_string(header.spec.spec_id)},
      {"format-version", fmt::to_string(header.format_version)},
      {"content", header.content == ManifestContent::kData ? "data" : "deletes"}};
}

/// Checks entries, encodes them, and sums up what the manifest list will say of them.
class ManifestBuilder {
 public:
  ManifestBuilder(const ManifestHeader& header, Type partition_type,
                  const std::string& location)
      : header_(header),
        partition_type_(std::move(partition_type)),
        summaries_(partition_type_),
        container_(ManifestEntryAvroSchema(header.format_version, partition_type_),
                   Metadata(header), location) {
    manifest_.manifest_path = location;
    manifest_.spec_id = header.spec.spec_id;
    manifest_.content = header.content;
    manifest_.added_snapshot_id = header.snapshot_id;
  }

  Status Add(const ManifestEntry& entry) {
    if (Status status = Check(entry); !status) {
      return Error{status.error().kind,
                   fmt::format("{}: {}", entry.file.file_path, status.error().message)};
    }
    Count(entry);
    summaries_.Add(entry.file.partition);
    CALVE_TRY(EncodeEntry(entry));
    return container_.EndRecord();
  }

  Result<std::string> Finish() { return container_.Finish(); }

  /// What the manifest list says of the manifest, but for its length.
  ManifestFile TakeManifest() {
    manifest_.partitions = summaries_.Summaries();
    return std::move(manifest_);
  }

 private:
  Status Check(const ManifestEntry& entry) const {
    const bool is_data = entry.file.content == FileContent::kData;
    if (is_data != (header_.content == ManifestContent::kData)) {
      return Invalid("data and delete files don't share a manifest");
    }
    if (entry.status == EntryStatus::kAdded && entry.snapshot_id != 0 &&
        entry.snapshot_id != header_.snapshot_id) {
      return Invalid(
          fmt::format("added by snapshot {}, but the manifest is written for {}",
                      entry.snapshot_id, header_.snapshot_id));
    }
    if (entry.status != EntryStatus::kAdded && !entry.data_sequence_number.has_value()) {
      return Invalid("an entry that is not new must keep its sequence number");
    }
    return CheckPartition(entry.file.partition);
  }

  Status CheckPartition(const PartitionValues& partition) const {
    const std::vector<Field>& fields = partition_type_.children;
    if (partition.size() != fields.size()) {
      return Invalid(fmt::format("{} partition values for a spec of {} fields",
                                 partition.size(), fields.size()));
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::optional<Literal>& value = partition[i];
      if (value.has_value() && !FitsExactly(fields[i].type, *value)) {
        return Invalid(fmt::format("the partition value of {} is no {}", fields[i].name,
                                   PrimitiveTypeName(fields[i].type)));
      }
    }
    return {};
  }

  void Count(const ManifestEntry& entry) {
    const int64_t rows = entry.file.record_count;
    switch (entry.status) {
      case EntryStatus::kAdded:
        ++manifest_.added_files;
        manifest_.added_rows += rows;
        return;
      case EntryStatus::kExisting:
        ++manifest_.existing_files;
        manifest_.existing_rows += rows;
        LowerMinimum(entry.data_sequence_number);
        return;
      case EntryStatus::kDeleted:
        ++manifest_.deleted_files;
        manifest_.deleted_rows += rows;
        return;
    }
  }

  void LowerMinimum(const std::optional<int64_t>& sequence_number) {
    std::optional<int64_t>& minimum = manifest_.min_sequence_number;
    // An absent number is less than any other.
    if (!minimum.has_value() || sequence_number < minimum) {
      minimum = sequence_number;
    }
  }

  Status EncodeEntry(const ManifestEntry& entry) {
    for (const FieldSpec& field : EntryFields()) {
      CALVE_TRY(EncodeEntryField(field, entry));
    }
    return {};
  }

  Status EncodeEntryField(const FieldSpec& field, const ManifestEntry& entry) {
    avro::Encoder& encoder = container_.encoder();
    const bool added = entry.status == EntryStatus::kAdded;
    const std::optional<int64_t> inherited;
    switch (field.id) {
      case kStatusId:
        encoder.WriteInt(static_cast<int32_t>(entry.status));
        return {};
      case kSnapshotIdId:
        EncodeOptional(std::optional(added ? header_.snapshot_id : entry.snapshot_id),
                       encoder);
        return {};
      case kDataSequenceNumberId:
        EncodeOptional(added ? inherited : entry.data_sequence_number, encoder);
        return {};
      case kFileSequenceNumberId:
        EncodeOptional(added ? inherited : entry.file_sequence_number, encoder);
        return {};
      case kDataFileId:
        return EncodeDataFile(entry.file);
      default:
        return Unencoded(field);
    }
  }

  Status EncodeDataFile(const DataFile& file) {
    for (const FieldSpec& field : FieldsOf(DataFileFields(), header_.format_version)) {
      CALVE_TRY(EncodeDataFileField(field, file));
    }
    return {};
  }

  Status EncodeDataFileField(const FieldSpec& field, const DataFile& file) {
    avro::Encoder& encoder = container_.encoder();
    switch (field.id) {
      case kContentId:
        encoder.WriteInt(static_cast<int32_t>(file.content));
        return {};
      case kFilePathId:
        encoder.WriteBytes(file.file_path);
        return {};
      case kFileFormatId:
        encoder.WriteBytes(file.file_format);
        return {};
      case kPartitionId:
        EncodePartition(file.partition);
        return {};
      case kRecordCountId:
        encoder.WriteLong(file.record_count);
        return {};
      case kFileSizeId:
        encoder.WriteLong(file.file_size_bytes);
        return {};
      default:
        return EncodeOptionalField(field, file);
    }
  }

  void EncodePartition(const PartitionValues& partition) {
    for (size_t i = 0; i < partition.size(); ++i) {
      EncodePartitionValue(partition_type_.children[i].type, partition[i],
                           container_.encoder());
    }
  }

  Status EncodeOptionalField(const FieldSpec& field, const DataFile& file) {
    avro::Encoder& encoder = container_.encoder();
    switch (field.id) {
      case kColumnSizesId:
        EncodeOptional(file.column_sizes_bytes, encoder);
        return {};
      case kValueCountsId:
        EncodeOptional(file.value_counts, encoder);
        return {};
      case kNullValueCountsId:
        EncodeOptional(file.null_value_counts, encoder);
        return {};
      case kNanValueCountsId:
        EncodeOptional(file.nan_value_counts, encoder);
        return {};
      case kLowerBoundsId:
        EncodeOptional(file.lower_bounds, encoder);
        return {};
      case kUpperBoundsId:
        EncodeOptional(file.upper_bounds, encoder);
        return {};
      case kKeyMetadataId:
        EncodeOptional(file.key_metadata, encoder);
        return {};
      case kSplitOffsetsId:
        EncodeOptional(file.split_offsets, encoder);
        return {};
      case kEqualityIdsId:
        EncodeOptional(file.equality_ids, encoder);
        return {};
      case kSortOrderIdId:
        EncodeOptional(file.sort_order_id, encoder);
        return {};
      case kFirstRowIdId:
        EncodeOptional(file.first_row_id, encoder);
        return {};
      case kReferencedDataFileId:
        EncodeOptional(file.referenced_data_file, encoder);
        return {};
      case kContentOffsetId:
        EncodeOptional(file.content_offset, encoder);
        return {};
      case kContentSizeId:
        EncodeOptional(file.content_size_bytes, encoder);
        return {};
      default:
        return Unencoded(field);
    }
  }

  static Status Unencoded(const FieldSpec& field) {
    return Error{ErrorKind::kInternal,
                 fmt::format("no encoding for manifest field {}", field.name)};
  }

  const ManifestHeader& header_;  // Outlives this builder.
  Type partition_type_;
  PartitionSummaries summaries_;
  avro::ContainerWriter container_;
  ManifestFile manifest_;
};

}  // namespace

Result<ManifestFile> WriteManifest(io::ObjectStore& store, const std::string& location,
                                   const ManifestHeader& header,
                                   std::span<const ManifestEntry> entries) {
  if (header.format_version < kOldestWritten || header.format_version > kNewestWritten) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("cannot write manifests of format version {}",
                             header.format_version)};
  }
  CALVE_ASSIGN(Type partition_type, PartitionType(header.spec, header.schema));
  ManifestBuilder builder(header, std::move(partition_type), location);
  for (const ManifestEntry& entry : entries) {
    CALVE_TRY(builder.Add(entry));
  }
  CALVE_ASSIGN(const std::string bytes, builder.Finish());
  CALVE_TRY(io::WriteObject(store, location, bytes));
  ManifestFile manifest = builder.TakeManifest();
  manifest.manifest_length_bytes = static_cast<int64_t>(bytes.size());
  return manifest;
}

}  // namespace calve::table
