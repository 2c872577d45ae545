#include "table/metadata/snapshot_json.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/schema/json_member.h"

namespace calve::table {
namespace {

using nlohmann::json;

constexpr std::string_view kKnownSnapshotMembers[] = {
    "snapshot-id",  "parent-snapshot-id", "sequence-number",
    "timestamp-ms", "manifest-list",      "summary",
    "schema-id"};

Result<SnapshotId> SnapshotIdMember(const json& object) {
  CALVE_ASSIGN(const int64_t id, Member<int64_t>(object, "snapshot-id"));
  return SnapshotId{id};
}

Result<std::string> ManifestListMember(const json& object) {
  if (!object.contains("manifest-list") && object.contains("manifests")) {
    return Error{ErrorKind::kUnsupported,
                 "manifests: a snapshot without a manifest list cannot be read"};
  }
  return Member<std::string>(object, "manifest-list");
}

template <typename T>
void SetIfThere(json& object, const char* name, const std::optional<T>& value) {
  if (value) {
    object[name] = *value;
  }
}

}  // namespace

json SnapshotToJson(const Snapshot& snapshot) {
  json out = FromUnknownMembers(snapshot.unknown_members);
  out["snapshot-id"] = snapshot.snapshot_id.value;
  if (snapshot.parent_snapshot_id) {
    out["parent-snapshot-id"] = snapshot.parent_snapshot_id->value;
  }
  out["sequence-number"] = snapshot.sequence_number;
  out["timestamp-ms"] = snapshot.timestamp_ms;
  out["manifest-list"] = snapshot.manifest_list;
  if (!snapshot.summary.empty()) {
    out["summary"] = snapshot.summary;
  }
  SetIfThere(out, "schema-id", snapshot.schema_id);
  return out;
}

Result<Snapshot> SnapshotFromJson(const json& json) {
  Snapshot snapshot;
  CALVE_ASSIGN(snapshot.snapshot_id, SnapshotIdMember(json));
  CALVE_ASSIGN(const auto parent, OptionalMember<int64_t>(json, "parent-snapshot-id"));
  if (parent) {
    snapshot.parent_snapshot_id = SnapshotId{*parent};
  }
  CALVE_ASSIGN(const auto sequence, OptionalMember<int64_t>(json, "sequence-number"));
  snapshot.sequence_number = sequence.value_or(0);
  CALVE_ASSIGN(snapshot.timestamp_ms, Member<int64_t>(json, "timestamp-ms"));
  CALVE_ASSIGN(snapshot.manifest_list, ManifestListMember(json));
  CALVE_ASSIGN(snapshot.summary, PropertiesMember(json, "summary"));
  CALVE_ASSIGN(snapshot.schema_id, OptionalMember<int32_t>(json, "schema-id"));
  snapshot.unknown_members = UnknownMembers(json, kKnownSnapshotMembers);
  return snapshot;
}

json SnapshotRefToJson(const SnapshotRef& ref) {
  json out = {{"snapshot-id", ref.snapshot_id.value}, {"type", ref.type}};
  SetIfThere(out, "min-snapshots-to-keep", ref.min_snapshots_to_keep);
  SetIfThere(out, "max-snapshot-age-ms", ref.max_snapshot_age_ms);
  SetIfThere(out, "max-ref-age-ms", ref.max_ref_age_ms);
  return out;
}

Result<SnapshotRef> SnapshotRefFromJson(const json& json) {
  SnapshotRef ref;
  CALVE_ASSIGN(ref.snapshot_id, SnapshotIdMember(json));
  CALVE_ASSIGN(ref.type, Member<std::string>(json, "type"));
  if (ref.type != "branch" && ref.type != "tag") {
    return MemberError("type", "expected branch or tag");
  }
  CALVE_ASSIGN(ref.min_snapshots_to_keep,
               OptionalMember<int64_t>(json, "min-snapshots-to-keep"));
  CALVE_ASSIGN(ref.max_snapshot_age_ms,
               OptionalMember<int64_t>(json, "max-snapshot-age-ms"));
  CALVE_ASSIGN(ref.max_ref_age_ms, OptionalMember<int64_t>(json, "max-ref-age-ms"));
  return ref;
}

json SnapshotLogEntryToJson(const SnapshotLogEntry& entry) {
  return {{"timestamp-ms", entry.timestamp_ms}, {"snapshot-id", entry.snapshot_id.value}};
}

Result<SnapshotLogEntry> SnapshotLogEntryFromJson(const json& json) {
  SnapshotLogEntry entry;
  CALVE_ASSIGN(entry.timestamp_ms, Member<int64_t>(json, "timestamp-ms"));
  CALVE_ASSIGN(entry.snapshot_id, SnapshotIdMember(json));
  return entry;
}

json MetadataLogEntryToJson(const MetadataLogEntry& entry) {
  return {{"timestamp-ms", entry.timestamp_ms}, {"metadata-file", entry.metadata_file}};
}

Result<MetadataLogEntry> MetadataLogEntryFromJson(const json& json) {
  MetadataLogEntry entry;
  CALVE_ASSIGN(entry.timestamp_ms, Member<int64_t>(json, "timestamp-ms"));
  CALVE_ASSIGN(entry.metadata_file, Member<std::string>(json, "metadata-file"));
  return entry;
}

Result<Properties> PropertiesMember(const json& object, std::string_view name) {
  Properties properties;
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) {
    return properties;
  }
  if (!member->is_object()) {
    return MemberError(name, "expected an object");
  }
  for (const auto& [key, value] : member->items()) {
    if (!value.is_string()) {
      return MemberError(fmt::format("{}.{}", name, key), "expected a string");
    }
    properties.emplace(key, value.get_ref<const std::string&>());
  }
  return properties;
}

}  // namespace calve::table
