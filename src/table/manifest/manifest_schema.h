#pragma once

/// \file table/manifest/manifest_schema.h
/// The fields of manifests and manifest lists: the one table that the schemas we write,
/// the order we encode in, and the ids we read by come from. Spec: "Manifests",
/// "Manifest Lists", Appendix A "Avro".

#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <string_view>

#include "table/schema/type.h"

namespace calve::table {

/// Iceberg's ids of the fields.
enum ManifestFieldId : int32_t {
  kStatusId = 0,
  kSnapshotIdId = 1,
  kDataFileId = 2,
  kDataSequenceNumberId = 3,
  kFileSequenceNumberId = 4,

  kFilePathId = 100,
  kFileFormatId = 101,
  kPartitionId = 102,
  kRecordCountId = 103,
  kFileSizeId = 104,
  kColumnSizesId = 108,
  kValueCountsId = 109,
  kNullValueCountsId = 110,
  kLowerBoundsId = 125,
  kUpperBoundsId = 128,
  kKeyMetadataId = 131,
  kSplitOffsetsId = 132,
  kContentId = 134,
  kEqualityIdsId = 135,
  kNanValueCountsId = 137,
  kSortOrderIdId = 140,
  kFirstRowIdId = 142,
  kReferencedDataFileId = 143,
  kContentOffsetId = 144,
  kContentSizeId = 145,

  kManifestPathId = 500,
  kManifestLengthId = 501,
  kSpecIdId = 502,
  kAddedSnapshotIdId = 503,
  kAddedFilesId = 504,
  kExistingFilesId = 505,
  kDeletedFilesId = 506,
  kPartitionsId = 507,
  kContainsNullId = 509,
  kLowerBoundId = 510,
  kUpperBoundId = 511,
  kAddedRowsId = 512,
  kExistingRowsId = 513,
  kDeletedRowsId = 514,
  kSequenceNumberId = 515,
  kMinSequenceNumberId = 516,
  kManifestContentId = 517,
  kContainsNanId = 518,
  kManifestKeyMetadataId = 519,
  kManifestFirstRowIdId = 520,
};

enum class FieldShape {
  kBoolean,
  kInt,
  kLong,
  kString,
  kBytes,
  kInts,        // list
  kLongs,       // list
  kIntToLong,   // map
  kIntToBytes,  // map
  kSummaries,   // list of field summaries
  kPartition,   // struct by the partition spec
  kDataFile,    // struct
};

/// A field as we write it. One that is not required is a union of null with its type.
struct FieldSpec {
  ManifestFieldId id;
  std::string_view name;
  FieldShape shape;
  bool required = false;
  int32_t since_version = 2;  // the format version that brought it
  int32_t item_id = 0;        // list: of its element; map: of its key
  int32_t value_id = 0;       // map
};

/// Fields of all format versions, in the order that they are written in.
std::span<const FieldSpec> EntryFields();
std::span<const FieldSpec> DataFileFields();
std::span<const FieldSpec> ManifestFileFields();
std::span<const FieldSpec> SummaryFields();

/// Those of `fields` that a format version has.
inline auto FieldsOf(std::span<const FieldSpec> fields, int32_t format_version) {
  return fields | std::views::filter([format_version](const FieldSpec& field) {
           return field.since_version <= format_version;
         });
}

/// The Avro schema, as JSON, of a manifest's entries. Names of partition fields that Avro
/// does not allow are rewritten, and kept as `iceberg-field-name`.
std::string ManifestEntryAvroSchema(int32_t format_version, const Type& partition_type);

/// The Avro schema, as JSON, of a manifest list.
std::string ManifestFileAvroSchema(int32_t format_version);

/// The size in bytes of the fixed type that holds decimals of a precision in Avro.
int32_t DecimalSizeBytes(int precision);

}  // namespace calve::table
