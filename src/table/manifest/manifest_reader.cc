#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/manifest/avro_container.h"
#include "table/manifest/manifest.h"
#include "table/manifest/manifest_object.h"
#include "table/manifest/manifest_schema.h"
#include "table/manifest/partition_value.h"
#include "table/manifest/required_fields.h"
#include "table/schema/json_member.h"

namespace calve::table {
namespace {

using avro::RecordField;
using avro::ValueReader;

/// An entry takes some ten bytes in a file and a thousand in memory.
constexpr size_t kMaxEntries = 2'000'000;

Error BadManifest(std::string message) {
  return Error{ErrorKind::kCorrupt, std::move(message)};
}

std::string UpperCase(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char letter) {
    return static_cast<char>(letter < 0x80 ? std::toupper(letter) : letter);
  });
  return text;
}

/// Reads a code into an enum whose values are 0 to `last`.
template <typename Enum>
Status ReadCode(ValueReader& values, avro::TypeRef type, Enum last, Enum& into) {
  int32_t code = 0;
  CALVE_TRY(values.Read(type, code));
  if (code < 0 || code > static_cast<int32_t>(last)) {
    return BadManifest(fmt::format("no such code: {}", code));
  }
  into = static_cast<Enum>(code);
  return {};
}

Status ReadNotNegative(ValueReader& values, avro::TypeRef type, int64_t& into) {
  CALVE_TRY(values.Read(type, into));
  return into >= 0 ? Status{} : BadManifest(fmt::format("a negative number: {}", into));
}

/// Reads entries by the ids of their fields; fields without a use are skipped.
class EntryReader {
 public:
  EntryReader(const ManifestFile& manifest, Type partition_type)
      : manifest_(manifest),
        partition_type_(std::move(partition_type)),
        next_row_id_(manifest.first_row_id) {}

  Result<ManifestEntry> Read(ValueReader& values) {
    ManifestEntry entry;
    std::optional<int64_t> snapshot_id;
    CALVE_TRY(values.ReadRecord(values.schema().root(), [&](const RecordField& field) {
      return field.field_id == kSnapshotIdId ? values.Read(field.type, snapshot_id)
                                             : ReadEntryField(values, field, entry);
    }));
    entry.snapshot_id = snapshot_id.value_or(manifest_.added_snapshot_id);
    entry.file.spec_id = manifest_.spec_id;
    CALVE_TRY(InheritSequenceNumbers(entry));
    InheritRowId(entry);
    return entry;
  }

 private:
  Status ReadEntryField(ValueReader& values, const RecordField& field,
                        ManifestEntry& entry) {
    switch (field.field_id.value_or(-1)) {
      case kStatusId:
        return ReadCode(values, field.type, EntryStatus::kDeleted, entry.status);
      case kDataSequenceNumberId:
        return values.Read(field.type, entry.data_sequence_number);
      case kFileSequenceNumberId:
        return values.Read(field.type, entry.file_sequence_number);
      case kDataFileId:
        return ReadDataFile(values, field.type, entry.file);
      default:
        return values.Skip(field.type);
    }
  }

  Status ReadDataFile(ValueReader& values, avro::TypeRef type, DataFile& file) {
    file.partition.resize(partition_type_.children.size());
    CALVE_TRY(values.ReadRecord(type, [&](const RecordField& field) {
      return ReadDataFileField(values, field, file);
    }));
    return file.file_path.empty() ? BadManifest("a file without a path") : Status{};
  }

  Status ReadDataFileField(ValueReader& values, const RecordField& field,
                           DataFile& file) {
    switch (field.field_id.value_or(-1)) {
      case kContentId:
        return ReadCode(values, field.type, FileContent::kEqualityDeletes, file.content);
      case kFilePathId:
        return values.Read(field.type, file.file_path);
      case kFileFormatId:
        CALVE_TRY(values.Read(field.type, file.file_format));
        file.file_format = UpperCase(std::move(file.file_format));
        return {};
      case kPartitionId:
        return values.ReadRecord(field.type, [&](const RecordField& part) {
          return ReadPartitionField(values, part, file.partition);
        });
      case kRecordCountId:
        return ReadNotNegative(values, field.type, file.record_count);
      case kFileSizeId:
        return ReadNotNegative(values, field.type, file.file_size_bytes);
      default:
        return ReadOptionalField(values, field, file);
    }
  }

  Status ReadPartitionField(ValueReader& values, const RecordField& field,
                            PartitionValues& partition) {
    const std::vector<Field>& fields = partition_type_.children;
    const auto wanted = std::ranges::find_if(fields, [&](const Field& candidate) {
      return field.field_id == candidate.id.value;
    });
    if (wanted == fields.end()) {
      return values.Skip(field.type);
    }
    CALVE_ASSIGN(partition[static_cast<size_t>(wanted - fields.begin())],
                 ReadPartitionValue(wanted->type, field.type, values));
    return {};
  }

  static Status ReadOptionalField(ValueReader& values, const RecordField& field,
                                  DataFile& file) {
    switch (field.field_id.value_or(-1)) {
      case kColumnSizesId:
        return values.Read(field.type, file.column_sizes_bytes);
      case kValueCountsId:
        return values.Read(field.type, file.value_counts);
      case kNullValueCountsId:
        return values.Read(field.type, file.null_value_counts);
      case kNanValueCountsId:
        return values.Read(field.type, file.nan_value_counts);
      case kLowerBoundsId:
        return values.Read(field.type, file.lower_bounds);
      case kUpperBoundsId:
        return values.Read(field.type, file.upper_bounds);
      case kKeyMetadataId:
        return values.Read(field.type, file.key_metadata);
      case kSplitOffsetsId:
        return values.Read(field.type, file.split_offsets);
      case kEqualityIdsId:
        return values.Read(field.type, file.equality_ids);
      case kSortOrderIdId:
        return values.Read(field.type, file.sort_order_id);
      case kFirstRowIdId:
        return values.Read(field.type, file.first_row_id);
      case kReferencedDataFileId:
        return values.Read(field.type, file.referenced_data_file);
      case kContentOffsetId:
        return values.Read(field.type, file.content_offset);
      case kContentSizeId:
        return values.Read(field.type, file.content_size_bytes);
      default:
        return values.Skip(field.type);
    }
  }

  /// New entries take the manifest's number; so does every entry of a manifest that was
  /// written before there were any (number 0).
  Status InheritSequenceNumbers(ManifestEntry& entry) const {
    const bool inherits =
        entry.status == EntryStatus::kAdded || manifest_.sequence_number == 0;
    for (auto* number : {&entry.data_sequence_number, &entry.file_sequence_number}) {
      if (inherits && !number->has_value()) {
        *number = manifest_.sequence_number;
      }
    }
    if (entry.status == EntryStatus::kExisting && !entry.data_sequence_number) {
      return BadManifest(fmt::format("{}: an existing file without a sequence number",
                                     entry.file.file_path));
    }
    return {};
  }

  /// Files without a row id of their own count on from the manifest's, in file order.
  void InheritRowId(ManifestEntry& entry) {
    const bool counts = next_row_id_.has_value() && !entry.file.first_row_id &&
                        entry.status != EntryStatus::kDeleted &&
                        entry.file.content == FileContent::kData;
    if (counts) {
      entry.file.first_row_id = next_row_id_;
      *next_row_id_ += entry.file.record_count;
    }
  }

  const ManifestFile& manifest_;  // Outlives this reader.
  Type partition_type_;
  std::optional<int64_t> next_row_id_;
};

Status CheckFields(const avro::WriterSchema& schema) {
  constexpr std::array kEntry = {kStatusId, kDataFileId};
  constexpr std::array kFile = {kFilePathId, kFileFormatId, kRecordCountId, kFileSizeId};
  CALVE_ASSIGN(const avro::Node* entry,
               RequireFields(schema, schema.root(), std::span(kEntry)));
  const auto data_file = std::ranges::find_if(
      entry->fields,
      [](const RecordField& field) { return field.field_id == kDataFileId; });
  CALVE_TRY(RequireFields(schema, data_file->type, std::span(kFile)));
  return {};
}

/// The partition type by the table's schema, or by the schema that the manifest was
/// written with, where a column of an old spec is gone from the table.
Result<Type> FindPartitionType(const PartitionSpec& spec, const Schema& schema,
                               const avro::ContainerReader& container) {
  Result<Type> type = PartitionType(spec, schema);
  const std::string* written = container.FindMetadata("schema");
  if (type || written == nullptr) {
    return type;
  }
  const Result<nlohmann::json> json = ParseJson(*written);
  if (!json) {
    return type;
  }
  const Result<Schema> old_schema = SchemaFromJson(*json);
  return old_schema ? PartitionType(spec, *old_schema) : type;
}

/// A file cut off between two blocks looks whole; the manifest list knows better.
Status CheckCount(const ManifestFile& manifest, size_t entries) {
  const int64_t listed =
      int64_t{manifest.added_files} + manifest.existing_files + manifest.deleted_files;
  if (listed != 0 && static_cast<size_t>(listed) != entries) {
    return BadManifest(
        fmt::format("{} entries where its manifest list counts {}", entries, listed));
  }
  return {};
}

Result<std::vector<ManifestEntry>> ParseManifest(std::string_view bytes,
                                                 const ManifestFile& manifest,
                                                 const PartitionSpec& spec,
                                                 const Schema& schema) {
  CALVE_ASSIGN(avro::ContainerReader container, avro::ContainerReader::Open(bytes));
  CALVE_TRY(CheckFields(container.schema()));
  CALVE_ASSIGN(Type partition_type, FindPartitionType(spec, schema, container));
  EntryReader reader(manifest, std::move(partition_type));
  std::vector<ManifestEntry> entries;
  CALVE_TRY(container.ForEachRecord([&](ValueReader& values) -> Status {
    if (entries.size() >= kMaxEntries) {
      return Error{ErrorKind::kUnsupported,
                   fmt::format("more than {} entries; rewrite the table's manifests",
                               kMaxEntries)};
    }
    CALVE_ASSIGN(ManifestEntry entry, reader.Read(values));
    entries.push_back(std::move(entry));
    return {};
  }));
  CALVE_TRY(CheckCount(manifest, entries.size()));
  return entries;
}

}  // namespace

Result<std::vector<ManifestEntry>> ReadManifest(io::ObjectStore& store,
                                                const ManifestFile& manifest,
                                                const PartitionSpec& spec,
                                                const Schema& schema) {
  CALVE_ASSIGN(const std::string bytes,
               ReadManifestObject(store, manifest.manifest_path));
  auto entries = ParseManifest(bytes, manifest, spec, schema);
  if (!entries) {
    return avro::Within("manifest " + manifest.manifest_path, entries.error());
  }
  return entries;
}

}  // namespace calve::table
