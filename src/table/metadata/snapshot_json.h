#pragma once

/// \file table/metadata/snapshot_json.h
/// The JSON of snapshots, refs and logs. Spec: "Snapshots", "Snapshot References",
/// Appendix C. Readers return kCorrupt naming the member at fault.

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

nlohmann::json SnapshotToJson(const Snapshot& snapshot);
/// kUnsupported for a version 1 snapshot that lists its manifests instead of naming a
/// manifest list.
Result<Snapshot> SnapshotFromJson(const nlohmann::json& json);

nlohmann::json SnapshotRefToJson(const SnapshotRef& ref);
Result<SnapshotRef> SnapshotRefFromJson(const nlohmann::json& json);

nlohmann::json SnapshotLogEntryToJson(const SnapshotLogEntry& entry);
Result<SnapshotLogEntry> SnapshotLogEntryFromJson(const nlohmann::json& json);

nlohmann::json MetadataLogEntryToJson(const MetadataLogEntry& entry);
Result<MetadataLogEntry> MetadataLogEntryFromJson(const nlohmann::json& json);

/// A member whose values are all strings; empty where it is absent or null.
Result<Properties> PropertiesMember(const nlohmann::json& object, std::string_view name);

}  // namespace calve::table
