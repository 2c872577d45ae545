#pragma once

/// \file table/metadata/example_metadata.h
/// A table that has a bit of everything: two schemas, two snapshots, a tag.

#include "table/metadata/table_metadata.h"

namespace calve::table {

inline std::vector<Snapshot> ExampleSnapshots() {
  Snapshot first;
  first.snapshot_id = SnapshotId{11};
  first.sequence_number = 1;
  first.timestamp_ms = 1000;
  first.manifest_list = "/lake/orders/metadata/snap-11.avro";
  first.summary = {{"operation", "append"}, {"added-records", "3"}};
  first.schema_id = 0;
  Snapshot second = first;
  second.snapshot_id = SnapshotId{12};
  second.parent_snapshot_id = SnapshotId{11};
  second.sequence_number = 2;
  second.timestamp_ms = 2000;
  second.manifest_list = "/lake/orders/metadata/snap-12.avro";
  second.summary = {{"operation", "overwrite"}};
  second.schema_id = 1;
  return {first, second};
}

inline std::vector<Schema> ExampleSchemas() {
  Schema old;
  old.fields = {{FieldId{1}, "id", TypeOf(TypeId::kLong), true, "the key"},
                {FieldId{2}, "at", TypeOf(TypeId::kTimestamptz), false, ""}};
  old.identifier_field_ids = {FieldId{1}};
  Schema current = old;
  current.schema_id = 1;
  current.fields.push_back({FieldId{3}, "tags",
                            ListType(FieldId{4}, TypeOf(TypeId::kString), false), false,
                            ""});
  return {old, current};
}

/// Valid by CheckMetadata.
inline TableMetadata ExampleMetadata() {
  TableMetadata metadata;
  metadata.table_uuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1";
  metadata.location = "/lake/orders";
  metadata.last_sequence_number = 2;
  metadata.last_updated_ms = 2000;
  metadata.last_column_id = 4;
  metadata.schemas = ExampleSchemas();
  metadata.current_schema_id = 1;
  metadata.partition_specs = {
      {0, {{FieldId{2}, FieldId{1000}, "at_day", {TransformKind::kDay}}}}};
  metadata.last_partition_id = 1000;
  metadata.sort_orders = {{}, {1, {{FieldId{1}, {}, true, false}}}};
  metadata.default_sort_order_id = 1;
  metadata.properties = {{"owner", "calve"}};
  metadata.current_snapshot_id = SnapshotId{12};
  metadata.snapshots = ExampleSnapshots();
  metadata.snapshot_log = {{1000, SnapshotId{11}}, {2000, SnapshotId{12}}};
  metadata.metadata_log = {{1000, "/lake/orders/metadata/00001.metadata.json"}};
  metadata.refs["main"].snapshot_id = SnapshotId{12};
  SnapshotRef& audit = metadata.refs["audit"];
  audit.snapshot_id = SnapshotId{11};
  audit.type = "tag";
  audit.max_ref_age_ms = 86'400'000;
  return metadata;
}

}  // namespace calve::table
