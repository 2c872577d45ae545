#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/commit/table_update.h"
#include "table/schema/json_member.h"

namespace calve::table {
namespace {

constexpr std::array kStatistics{"statistics", "partition-statistics"};

bool IsOfExpired(const nlohmann::json& statistics, const std::set<SnapshotId>& ids) {
  const auto id = OptionalMember<int64_t>(statistics, "snapshot-id");
  return id && *id && ids.contains({**id});
}

/// The unknown members without the statistics of expired snapshots.
std::string WithoutStatistics(const std::string& members,
                              const std::set<SnapshotId>& ids) {
  nlohmann::json object = FromUnknownMembers(members);
  bool changed = false;
  for (const char* name : kStatistics) {
    const auto it = object.find(name);
    if (it == object.end() || !it->is_array()) {
      continue;
    }
    nlohmann::json kept = nlohmann::json::array();
    for (const nlohmann::json& entry : *it) {
      if (!entry.is_object() || !IsOfExpired(entry, ids)) {
        kept.push_back(entry);
      }
    }
    changed = changed || kept.size() != it->size();
    *it = std::move(kept);
  }
  return changed ? WriteJson(object) : members;
}

/// A gap in the log would tell a wrong history: what lies before it goes, too.
void TrimLog(const std::set<SnapshotId>& ids, std::vector<SnapshotLogEntry>& log) {
  const auto last = std::find_if(
      log.rbegin(), log.rend(),
      [&](const SnapshotLogEntry& entry) { return ids.contains(entry.snapshot_id); });
  log.erase(log.begin(), last.base());
}

}  // namespace

Status TableUpdate::ExpireSnapshots(const std::set<SnapshotId>& ids) {
  for (const auto& [name, ref] : metadata_.refs) {
    if (ids.contains(ref.snapshot_id)) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("table {}: snapshot {} is named by {}", base_.name.text(),
                               ref.snapshot_id.value, name)};
    }
  }
  const size_t erased = std::erase_if(metadata_.snapshots, [&](const Snapshot& it) {
    return ids.contains(it.snapshot_id);
  });
  if (erased > 0) {
    TrimLog(ids, metadata_.snapshot_log);
    metadata_.unknown_members = WithoutStatistics(metadata_.unknown_members, ids);
    metadata_changed_ = true;
  }
  return {};
}

Status TableUpdate::RemoveRef(const std::string& name) {
  if (name == "main") {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("table {}: main cannot be removed", base_.name.text())};
  }
  metadata_changed_ = metadata_.refs.erase(name) > 0 || metadata_changed_;
  return {};
}

}  // namespace calve::table
