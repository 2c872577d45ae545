#include <algorithm>

#include "table/commit/manifest_draft_internal.h"

namespace calve::table {
namespace {

bool HasSources(const Schema& schema, const PartitionSpec& spec) {
  return std::all_of(spec.fields.begin(), spec.fields.end(),
                     [&](const PartitionField& field) {
                       return schema.Find(field.source_id) != nullptr;
                     });
}

/// Whether nothing in the manifest is live. Version 1 lists may leave the counts out,
/// which then are all zero: such a manifest is kept.
bool OnlyRecordsRemovals(const ManifestFile& manifest) {
  return manifest.deleted_files > 0 && manifest.added_files == 0 &&
         manifest.existing_files == 0;
}

bool MayContainValue(const FieldSummary& summary, const Type& type,
                     const std::optional<Literal>& value) {
  if (!value.has_value()) {
    return summary.contains_null;
  }
  if (!summary.lower_bound.has_value() || !summary.upper_bound.has_value()) {
    return true;
  }
  const auto lower = DecodeLiteral(type, *summary.lower_bound);
  const auto upper = DecodeLiteral(type, *summary.upper_bound);
  if (!lower || !upper || lower->index() != value->index() ||
      upper->index() != value->index()) {
    return true;
  }
  return Compare(*lower, *value) <= 0 && Compare(*value, *upper) <= 0;
}

}  // namespace

Result<std::vector<ManifestDraft>> ManifestSource::Load(const Snapshot& snapshot) const {
  CALVE_ASSIGN(auto manifests, ReadManifestList(store_, snapshot.manifest_list));
  std::stable_sort(manifests.begin(), manifests.end(),
                   [](const ManifestFile& a, const ManifestFile& b) {
                     return a.sequence_number.value_or(0) > b.sequence_number.value_or(0);
                   });
  std::vector<ManifestDraft> drafts;
  drafts.reserve(manifests.size());
  for (ManifestFile& manifest : manifests) {
    if (!OnlyRecordsRemovals(manifest)) {
      drafts.push_back({.content = manifest.content,
                        .spec_id = manifest.spec_id,
                        .carried = std::move(manifest),
                        .entries = {}});
    }
  }
  return drafts;
}

Result<std::vector<ManifestEntry>> ManifestSource::ReadLive(
    const ManifestFile& manifest) const {
  CALVE_ASSIGN(const PartitionSpec* spec, Spec(manifest.spec_id));
  CALVE_ASSIGN(auto entries, ReadManifest(store_, manifest, *spec, SchemaFor(*spec)));
  std::erase_if(entries, [](const ManifestEntry& entry) {
    return entry.status == EntryStatus::kDeleted;
  });
  return entries;
}

Result<const PartitionSpec*> ManifestSource::Spec(int32_t spec_id) const {
  const PartitionSpec* spec = metadata_.FindSpec(spec_id);
  if (spec == nullptr) {
    return Error{ErrorKind::kCorrupt, "the table has no partition spec with id " +
                                          std::to_string(spec_id) + ": " +
                                          metadata_.location};
  }
  return spec;
}

const Schema& ManifestSource::SchemaFor(const PartitionSpec& spec) const {
  const Schema& current = metadata_.schema();
  if (HasSources(current, spec)) {
    return current;
  }
  const Schema* newest = &current;
  for (const Schema& schema : metadata_.schemas) {
    const bool newer = newest == &current || schema.schema_id > newest->schema_id;
    if (newer && HasSources(schema, spec)) {
      newest = &schema;
    }
  }
  return *newest;
}

bool ManifestSource::MayContain(const ManifestFile& manifest, int32_t spec_id,
                                const PartitionValues& partition) const {
  if (manifest.spec_id != spec_id) {
    return false;
  }
  const PartitionSpec* spec = metadata_.FindSpec(spec_id);
  if (spec == nullptr || manifest.partitions.size() != partition.size()) {
    return true;
  }
  const auto type = PartitionType(*spec, SchemaFor(*spec));
  if (!type || type->children.size() != partition.size()) {
    return true;
  }
  for (size_t field = 0; field < partition.size(); ++field) {
    if (!MayContainValue(manifest.partitions[field], type->children[field].type,
                         partition[field])) {
      return false;
    }
  }
  return true;
}

}  // namespace calve::table
