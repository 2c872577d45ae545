#include "flow/dbt_progress.h"

#include <charconv>
#include <string>

#include <nlohmann/json.hpp>

namespace calve::flow {
namespace {

// As dbt/macros/snapshots.sql writes it: {"upstream": "<snapshot>", "own": "<snapshot>"}.
constexpr const char* kProperty = "calve.dbt.progress";

std::optional<table::SnapshotId> SnapshotMember(const nlohmann::json& object,
                                                const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string()) {
    return std::nullopt;
  }
  const auto& text = it->get_ref<const std::string&>();
  table::SnapshotId id;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id.value);
  if (error != std::errc() || rest != end) {
    return std::nullopt;
  }
  return id;
}

bool IsCurrent(const table::TableMetadata& metadata, table::SnapshotId id) {
  const table::Snapshot* current = metadata.current_snapshot();
  return current != nullptr && metadata.IsAncestor(id, current->snapshot_id);
}

}  // namespace

std::optional<DbtProgress> FindDbtProgress(const table::TableMetadata& metadata,
                                           const table::TableMetadata& upstream) {
  const auto property = metadata.properties.find(kProperty);
  if (property == metadata.properties.end()) {
    return std::nullopt;
  }
  const auto object = nlohmann::json::parse(property->second, /*cb=*/nullptr,
                                            /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return std::nullopt;
  }
  const auto own = SnapshotMember(object, "own");
  const auto read = SnapshotMember(object, "upstream");
  if (!own || !read || !IsCurrent(metadata, *own) || !IsCurrent(upstream, *read)) {
    return std::nullopt;
  }
  const table::Snapshot* snapshot = upstream.FindSnapshot(*read);
  if (snapshot == nullptr) {
    return std::nullopt;
  }
  return DbtProgress{.read = {upstream.table_uuid, *read, snapshot->sequence_number},
                     .own = *own};
}

}  // namespace calve::flow
