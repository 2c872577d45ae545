#pragma once

/// \file tests/table/manifest/manifest_samples.h
/// A table partitioned by every type, and files of it.

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "table/manifest/manifest.h"

namespace calve::table {

inline Type Primitive(std::string_view name) {
  return *ParsePrimitiveType(name);
}

/// The schema of the files in tests/data/manifest.
inline Schema SampleSchema() {
  const std::vector<Type> types = {
      Primitive("long"),          Primitive("timestamptz"), Primitive("string"),
      Primitive("decimal(10,2)"), Primitive("uuid"),        Primitive("fixed[3]"),
      Primitive("boolean"),       Primitive("timestamp"),   Primitive("time"),
      Primitive("double"),        Primitive("float"),       Primitive("date"),
      Primitive("int"),
  };
  const std::vector<std::string> names = {"id",    "at",   "name",  "price", "key",
                                          "code",  "flag", "local", "clock", "score",
                                          "ratio", "born", "count"};
  Schema schema;
  for (size_t i = 0; i < types.size(); ++i) {
    Field field;
    field.id = {static_cast<int32_t>(i) + 1};
    field.name = names[i];
    field.type = types[i];
    schema.fields.push_back(field);
  }
  return schema;
}

inline PartitionSpec SampleSpec() {
  PartitionSpec spec;
  spec.spec_id = 3;
  for (const Field& field : SampleSchema().fields) {
    spec.fields.push_back({.source_id = field.id,
                           .field_id = {999 + field.id.value},
                           .name = field.name,
                           .transform = {}});
  }
  spec.fields[0].name = "id_bucket";
  spec.fields[0].transform = {.kind = TransformKind::kBucket, .parameter = 16};
  spec.fields[1].name = "at day";
  spec.fields[1].transform = {.kind = TransformKind::kDay};
  spec.fields[12].name = "count_void";
  spec.fields[12].transform = {.kind = TransformKind::kVoid};
  return spec;
}

inline PartitionValues SampleValues() {
  const std::string uuid =
      "\x0b\x1d\x6a\x86\x5e\xc1\x4c\x39\x9a\x0c\x2a\x4f\x5f\x4f\x8a\x11";
  return {Literal(int32_t{7}),
          Literal(int32_t{19753}),
          Literal(std::string("a/b \xc3\xbc")),
          Literal(Decimal{-1250}),
          Literal(uuid),
          Literal(std::string("\0\x7f\xff", 3)),
          Literal(true),
          Literal(int64_t{1706745599123456}),
          Literal(int64_t{86399000001}),
          Literal(1.5),
          Literal(-0.25F),
          Literal(int32_t{-1}),
          std::nullopt};
}

inline PartitionValues NullValues() {
  return PartitionValues(SampleSpec().fields.size());
}

/// A data file with every figure that a format version 2 manifest holds of one.
inline DataFile SampleFile() {
  DataFile file;
  file.file_path = "file:///lake/a.parquet";
  file.spec_id = 3;
  file.partition = SampleValues();
  file.record_count = 3;
  file.file_size_bytes = 1234;
  file.column_sizes_bytes = {{1, 40}, {3, 60}};
  file.value_counts = {{1, 3}, {3, 3}};
  file.null_value_counts = {{1, 0}, {3, 1}};
  file.nan_value_counts = {{10, 2}};
  file.lower_bounds = {{1, std::string("\1\0\0\0\0\0\0\0", 8)}, {3, "a"}};
  file.upper_bounds = {{1, std::string("\3\0\0\0\0\0\0\0", 8)}, {3, "z"}};
  file.split_offsets = {4, 400};
  file.sort_order_id = 2;
  return file;
}

/// A data file that little is known of, in the partition of nulls.
inline DataFile BareFile(const std::string& path) {
  DataFile file;
  file.file_path = path;
  file.spec_id = 3;
  file.partition = NullValues();
  file.record_count = 3;
  file.file_size_bytes = 1234;
  return file;
}

inline ManifestHeader SampleHeader() {
  ManifestHeader header;
  header.schema = SampleSchema();
  header.spec = SampleSpec();
  header.snapshot_id = 77;
  return header;
}

/// An added, an existing and a deleted file, as a writer has them.
inline std::vector<ManifestEntry> SampleEntries() {
  std::vector<ManifestEntry> entries(3);
  entries[0] = {.status = EntryStatus::kAdded,
                .snapshot_id = 77,
                .data_sequence_number = {},
                .file_sequence_number = {},
                .file = SampleFile()};
  entries[1] = {.status = EntryStatus::kExisting,
                .snapshot_id = 60,
                .data_sequence_number = 5,
                .file_sequence_number = 6,
                .file = BareFile("file:///lake/b.parquet")};
  entries[2] = {.status = EntryStatus::kDeleted,
                .snapshot_id = 77,
                .data_sequence_number = 5,
                .file_sequence_number = 6,
                .file = BareFile("file:///lake/b.parquet")};
  return entries;
}

/// The same entries, as a reader gets them from a manifest with this sequence number.
inline std::vector<ManifestEntry> InheritedEntries(int64_t sequence_number) {
  std::vector<ManifestEntry> entries = SampleEntries();
  entries[0].data_sequence_number = sequence_number;
  entries[0].file_sequence_number = sequence_number;
  return entries;
}

/// A file of tests/data/manifest.
inline std::string TestData(const std::string& name) {
  std::ifstream stream(std::string(CALVE_SOURCE_DIR) + "/tests/data/manifest/" + name,
                       std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace calve::table
