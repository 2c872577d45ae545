#include "flow/marker.h"

#include <set>

#include <nlohmann/json.hpp>

namespace calve::flow {
namespace {

using nlohmann::json;

std::string KeyOf(const std::string& upstream) {
  return "calve.applied." + upstream;
}

/// A marker as it is written, with what proves it.
struct Written {
  UpstreamPoint point;
  int64_t own_snapshot_id = 0;
  std::optional<int64_t> own_parent_id;
};

json ToJson(const Written& written) {
  return {{"table-uuid", written.point.table_uuid},
          {"snapshot-id", written.point.snapshot_id.value},
          {"sequence-number", written.point.sequence_number},
          {"own-snapshot-id", written.own_snapshot_id},
          {"own-parent-id",
           written.own_parent_id ? json(*written.own_parent_id) : json(nullptr)}};
}

std::optional<int64_t> IntegerMember(const json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_number_integer()) {
    return std::nullopt;
  }
  return it->get<int64_t>();
}

/// The marker of a text that anybody may have written; nullopt if it is none.
std::optional<Written> Parse(const std::string& text) {
  const json object = json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return std::nullopt;
  }
  const auto uuid = object.find("table-uuid");
  const auto snapshot = IntegerMember(object, "snapshot-id");
  const auto sequence = IntegerMember(object, "sequence-number");
  const auto own = IntegerMember(object, "own-snapshot-id");
  if (uuid == object.end() || !uuid->is_string() || !snapshot || !sequence || !own) {
    return std::nullopt;
  }
  return Written{.point = {uuid->get<std::string>(), {*snapshot}, *sequence},
                 .own_snapshot_id = *own,
                 .own_parent_id = IntegerMember(object, "own-parent-id")};
}

std::optional<Written> Find(const table::Properties& properties, const std::string& key) {
  const auto it = properties.find(key);
  return it == properties.end() ? std::nullopt : Parse(it->second);
}

bool IsProven(const Written& written, const table::Snapshot& snapshot) {
  const auto& parent = snapshot.parent_snapshot_id;
  return written.own_snapshot_id == snapshot.snapshot_id.value &&
         written.own_parent_id.has_value() == parent.has_value() &&
         (!parent || *written.own_parent_id == parent->value);
}

/// A true marker.
struct Proof {
  UpstreamPoint point;
  table::SnapshotId rests_on;
};

std::optional<Proof> FindProof(const table::TableMetadata& metadata,
                               const std::string& upstream) {
  const std::string key = KeyOf(upstream);
  std::set<table::SnapshotId>
      seen;  // Parents in a metadata file from outside may be cyclic.
  const table::Snapshot* snapshot = metadata.current_snapshot();
  std::optional<table::SnapshotId> oldest;
  std::optional<table::SnapshotId> missing_parent;
  while (snapshot != nullptr && seen.insert(snapshot->snapshot_id).second) {
    const auto written = Find(snapshot->summary, key);
    if (written && IsProven(*written, *snapshot)) {
      return Proof{written->point, snapshot->snapshot_id};
    }
    oldest = snapshot->snapshot_id;
    missing_parent = snapshot->parent_snapshot_id;
    snapshot = missing_parent ? metadata.FindSnapshot(*missing_parent) : nullptr;
  }
  const auto written = Find(metadata.properties, key);
  if (written && missing_parent && snapshot == nullptr && oldest &&
      written->own_snapshot_id == missing_parent->value) {
    return Proof{written->point, *oldest};
  }
  return std::nullopt;
}

}  // namespace

std::optional<UpstreamPoint> CurrentPoint(const table::TableMetadata& metadata) {
  const table::Snapshot* current = metadata.current_snapshot();
  if (current == nullptr) {
    return std::nullopt;
  }
  return UpstreamPoint{metadata.table_uuid, current->snapshot_id,
                       current->sequence_number};
}

UpstreamPoint NextPoint(const table::TableUpdate& update) {
  const table::TableMetadata& base = update.base().metadata;
  return {base.table_uuid, update.new_snapshot_id(), base.last_sequence_number + 1};
}

void SetMarker(table::TableUpdate& update, const std::string& upstream,
               const UpstreamPoint& point) {
  const table::Snapshot* parent = update.base().metadata.current_snapshot();
  Written written{.point = point,
                  .own_snapshot_id = update.new_snapshot_id().value,
                  .own_parent_id = std::nullopt};
  if (parent != nullptr) {
    written.own_parent_id = parent->snapshot_id.value;
  }
  const std::string text = ToJson(written).dump();
  update.SetSummary(KeyOf(upstream), text);
  update.SetProperty(KeyOf(upstream), text);
}

std::optional<UpstreamPoint> FindMarker(const table::TableMetadata& metadata,
                                        const std::string& upstream) {
  const auto proof = FindProof(metadata, upstream);
  return proof ? std::optional(proof->point) : std::nullopt;
}

std::optional<table::SnapshotId> MarkerSnapshot(const table::TableMetadata& metadata,
                                                const std::string& upstream) {
  const auto proof = FindProof(metadata, upstream);
  return proof ? std::optional(proof->rests_on) : std::nullopt;
}

std::optional<table::SnapshotId> NewestMarkedSnapshot(
    const table::TableMetadata& metadata, const std::string& upstream) {
  const table::Snapshot* newest = nullptr;
  for (const table::Snapshot& snapshot : metadata.snapshots) {
    const auto written = Find(snapshot.summary, KeyOf(upstream));
    if (written && IsProven(*written, snapshot) &&
        (newest == nullptr || newest->sequence_number < snapshot.sequence_number)) {
      newest = &snapshot;
    }
  }
  return newest == nullptr ? std::nullopt : std::optional(newest->snapshot_id);
}

bool HasConsumed(const table::TableMetadata& upstream,
                 const std::optional<UpstreamPoint>& marker) {
  const table::Snapshot* snapshot = upstream.current_snapshot();
  if (snapshot == nullptr || !marker || marker->table_uuid != upstream.table_uuid) {
    return snapshot == nullptr && !marker;
  }
  // Parents that form a circle would otherwise be followed for ever.
  for (size_t steps = 0; steps <= upstream.snapshots.size(); ++steps) {
    if (snapshot->snapshot_id == marker->snapshot_id) {
      return true;
    }
    if (snapshot->operation() != "replace" || !snapshot->parent_snapshot_id) {
      return false;
    }
    if (*snapshot->parent_snapshot_id == marker->snapshot_id) {
      return true;  // Retained or not.
    }
    snapshot = upstream.FindSnapshot(*snapshot->parent_snapshot_id);
    if (snapshot == nullptr) {
      return false;
    }
  }
  return false;
}

}  // namespace calve::flow
