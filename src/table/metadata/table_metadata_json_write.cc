#include <nlohmann/json.hpp>

#include "table/metadata/snapshot_json.h"
#include "table/metadata/table_metadata_json.h"
#include "table/schema/json_member.h"

namespace calve::table {
namespace {

// Keeps members in the order in which they are set.
using OrderedJson = nlohmann::ordered_json;

template <typename T, typename Write>
OrderedJson EachToJson(const std::vector<T>& values, Write write) {
  OrderedJson out = OrderedJson::array();
  for (const T& value : values) {
    out.push_back(OrderedJson(write(value)));
  }
  return out;
}

OrderedJson RefsToJson(const std::map<std::string, SnapshotRef>& refs) {
  OrderedJson out = OrderedJson::object();
  for (const auto& [name, ref] : refs) {
    out[name] = OrderedJson(SnapshotRefToJson(ref));
  }
  return out;
}

OrderedJson PropertiesToJson(const Properties& properties) {
  OrderedJson out = OrderedJson::object();
  for (const auto& [key, value] : properties) {
    out[key] = value;
  }
  return out;
}

void WriteSnapshots(const TableMetadata& metadata, OrderedJson& out) {
  if (metadata.current_snapshot_id) {
    out["current-snapshot-id"] = metadata.current_snapshot_id->value;
  }
  out["refs"] = RefsToJson(metadata.refs);
  out["snapshots"] = EachToJson(metadata.snapshots, SnapshotToJson);
  out["snapshot-log"] = EachToJson(metadata.snapshot_log, SnapshotLogEntryToJson);
  out["metadata-log"] = EachToJson(metadata.metadata_log, MetadataLogEntryToJson);
}

void WriteUnknownMembers(const TableMetadata& metadata, OrderedJson& out) {
  const nlohmann::json unknown = FromUnknownMembers(metadata.unknown_members);
  for (const auto& [name, value] : unknown.items()) {
    if (!out.contains(name)) {
      out[name] = OrderedJson(value);
    }
  }
}

}  // namespace

std::string TableMetadataToJson(const TableMetadata& metadata) {
  OrderedJson out = OrderedJson::object();
  out["format-version"] = metadata.format_version;
  out["table-uuid"] = metadata.table_uuid;
  out["location"] = metadata.location;
  out["last-sequence-number"] = metadata.last_sequence_number;
  out["last-updated-ms"] = metadata.last_updated_ms;
  out["last-column-id"] = metadata.last_column_id;
  out["current-schema-id"] = metadata.current_schema_id;
  out["schemas"] = EachToJson(metadata.schemas, SchemaToJson);
  out["default-spec-id"] = metadata.default_spec_id;
  out["partition-specs"] = EachToJson(metadata.partition_specs, PartitionSpecToJson);
  out["last-partition-id"] = metadata.last_partition_id;
  out["default-sort-order-id"] = metadata.default_sort_order_id;
  out["sort-orders"] = EachToJson(metadata.sort_orders, SortOrderToJson);
  out["properties"] = PropertiesToJson(metadata.properties);
  WriteSnapshots(metadata, out);
  WriteUnknownMembers(metadata, out);
  return out.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                  OrderedJson::error_handler_t::replace);
}

}  // namespace calve::table
