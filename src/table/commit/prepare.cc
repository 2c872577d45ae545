#include <algorithm>
#include <map>
#include <utility>

#include "table/commit/manifest_draft_internal.h"
#include "table/commit/metadata_files_internal.h"
#include "table/commit/snapshot_summary_internal.h"
#include "table/commit/table_update.h"
#include "table/metadata/table_metadata_json.h"

namespace calve::table {
namespace {

constexpr int32_t kLastFormatWithoutRowIds = 2;

/// Adds one manifest of new files per spec, before those that were there.
void DraftAdded(ManifestContent content, int64_t snapshot_id,
                std::span<const DataFile> files, std::vector<ManifestDraft>& drafts) {
  std::map<int32_t, std::vector<ManifestEntry>> entries;
  for (const DataFile& file : files) {
    entries[file.spec_id].push_back({.status = EntryStatus::kAdded,
                                     .snapshot_id = snapshot_id,
                                     .data_sequence_number = std::nullopt,
                                     .file_sequence_number = std::nullopt,
                                     .file = file});
  }
  std::vector<ManifestDraft> added;
  added.reserve(entries.size());
  for (auto& [spec_id, list] : entries) {
    added.push_back({.content = content,
                     .spec_id = spec_id,
                     .carried = std::nullopt,
                     .entries = std::move(list)});
  }
  drafts.insert(drafts.begin(), std::move_iterator(added.begin()),
                std::move_iterator(added.end()));
}

std::set<std::string> AsSet(const std::vector<std::string>& paths) {
  return {paths.begin(), paths.end()};
}

}  // namespace

/// Writes one update's files and gathers its new metadata.
class UpdatePreparer {
 public:
  UpdatePreparer(const CommitContext& context, TableUpdate update)
      : context_(context),
        update_(std::move(update)),
        metadata_(std::move(update_.metadata_)) {}

  /// Call once.
  Result<PreparedUpdate> Run() {
    Status produced = Produce();
    if (produced) {
      return PreparedUpdate{.swap = std::move(swap_),
                            .metadata = std::move(metadata_),
                            .written = std::move(written_),
                            .dropped_metadata = std::move(dropped_metadata_)};
    }
    for (const std::string& location : written_) {
      (void)context_.store->Delete(location).has_value();
    }
    return Error{produced.error().kind,
                 "table " + update_.base_.name.text() + ": " + produced.error().message};
  }

 private:
  Status Produce();
  Status AddSnapshot();
  Result<std::vector<ManifestDraft>> DraftManifests(const ManifestSource& source);
  Status Remove(const ManifestSource& source, const FileChanges& changes,
                std::vector<ManifestDraft>& drafts);
  Result<std::vector<ManifestFile>> WriteDrafts(const ManifestSource& source,
                                                std::vector<ManifestDraft> drafts);
  Snapshot Describe(std::string manifest_list) const;
  void LogMetadata();
  Status WriteMetadata();

  const CommitContext& context_;  // Outlives this object.
  TableUpdate update_;
  TableMetadata metadata_;
  std::vector<DataFile> removed_;
  PointerSwap swap_;
  std::vector<std::string> written_;
  std::vector<std::string> dropped_metadata_;
};

Status UpdatePreparer::Produce() {
  const LoadedTable& base = update_.base_;
  swap_.name = base.name;
  if (!base.metadata_location.empty()) {
    swap_.expected_metadata_location = base.metadata_location;
  }
  if (update_.empty()) {
    swap_.metadata_location = base.metadata_location;
    return {};
  }
  const int64_t now_ms = context_.clock->Now().value / 1000;
  const bool created = base.metadata_location.empty() && base.metadata.snapshots.empty();
  const int64_t earliest_ms = base.metadata.last_updated_ms + (created ? 0 : 1);
  metadata_.last_updated_ms = std::max(now_ms, earliest_ms);
  if (metadata_.table_uuid.empty()) {  // Version 2, as which it is written, needs one.
    metadata_.table_uuid = context_.uuids->Next();
  }
  if (update_.makes_snapshot()) {
    CALVE_TRY(AddSnapshot());
  }
  if (metadata_.current_snapshot_id.has_value() &&
      metadata_.current_snapshot_id != base.metadata.current_snapshot_id) {
    metadata_.snapshot_log.push_back({.timestamp_ms = metadata_.last_updated_ms,
                                      .snapshot_id = *metadata_.current_snapshot_id});
  }
  LogMetadata();
  return WriteMetadata();
}

Status UpdatePreparer::AddSnapshot() {
  if (metadata_.format_version > kLastFormatWithoutRowIds) {
    return Error{
        ErrorKind::kUnsupported,
        "it has format version 3, whose rows Calve can't change; another engine made it "
        "so: build it anew in version 2, a model's table by `calve reset tables`"};
  }
  if (update_.new_snapshot_id_.value <= 0 ||
      metadata_.FindSnapshot(update_.new_snapshot_id_) != nullptr) {
    return Error{ErrorKind::kInvalidArgument, "the new snapshot's id is taken"};
  }
  const ManifestSource source(*context_.store, metadata_);
  CALVE_ASSIGN(auto drafts, DraftManifests(source));
  CALVE_ASSIGN(const auto manifests, WriteDrafts(source, std::move(drafts)));

  metadata_.last_sequence_number += 1;
  Snapshot snapshot = Describe(
      ManifestListLocation(metadata_, update_.new_snapshot_id_, context_.uuids->Next()));
  ManifestListHeader header;
  header.snapshot_id = snapshot.snapshot_id.value;
  if (snapshot.parent_snapshot_id.has_value()) {
    header.parent_snapshot_id = snapshot.parent_snapshot_id->value;
  }
  header.sequence_number = snapshot.sequence_number;
  header.format_version = metadata_.format_version;
  written_.push_back(snapshot.manifest_list);
  CALVE_TRY(
      WriteManifestList(*context_.store, snapshot.manifest_list, header, manifests));

  metadata_.current_snapshot_id = snapshot.snapshot_id;
  metadata_.refs["main"].snapshot_id = snapshot.snapshot_id;
  metadata_.snapshots.push_back(std::move(snapshot));
  return {};
}

Result<std::vector<ManifestDraft>> UpdatePreparer::DraftManifests(
    const ManifestSource& source) {
  std::vector<ManifestDraft> drafts;
  if (const Snapshot* parent = metadata_.current_snapshot(); parent != nullptr) {
    CALVE_ASSIGN(drafts, source.Load(*parent));
  }
  if (!update_.changes_.has_value()) {
    return drafts;
  }
  const int64_t snapshot_id = update_.new_snapshot_id_.value;
  const FileChanges& changes = *update_.changes_;
  CALVE_TRY(Remove(source, changes, drafts));
  DraftAdded(ManifestContent::kDeletes, snapshot_id, changes.added_deletes, drafts);
  DraftAdded(ManifestContent::kData, snapshot_id, changes.added_data, drafts);
  CALVE_TRY(MergeManifests(source, MergePolicy::Of(metadata_.properties), drafts));
  return drafts;
}

Status UpdatePreparer::Remove(const ManifestSource& source, const FileChanges& changes,
                              std::vector<ManifestDraft>& drafts) {
  // A delete file lies in its data file's partition, and what replaces a file mostly in
  // the replaced one's.
  std::vector<DataFile> hints = changes.added_deletes;
  if (!changes.removed_data.empty()) {
    hints.insert(hints.end(), changes.added_data.begin(), changes.added_data.end());
  }
  const int64_t snapshot_id = update_.new_snapshot_id_.value;
  CALVE_ASSIGN(removed_, RemoveFiles(source, snapshot_id,
                                     {.content = ManifestContent::kData,
                                      .removed = AsSet(changes.removed_data),
                                      .referenced = AsSet(changes.referenced_data),
                                      .hints = hints},
                                     drafts));
  CALVE_ASSIGN(auto removed_deletes,
               RemoveFiles(source, snapshot_id,
                           {.content = ManifestContent::kDeletes,
                            .removed = AsSet(changes.removed_deletes),
                            .referenced = {},
                            .hints = hints},
                           drafts));
  std::move(removed_deletes.begin(), removed_deletes.end(), std::back_inserter(removed_));
  return {};
}

Result<std::vector<ManifestFile>> UpdatePreparer::WriteDrafts(
    const ManifestSource& source, std::vector<ManifestDraft> drafts) {
  const std::string uuid = context_.uuids->Next();
  std::vector<ManifestFile> manifests;
  manifests.reserve(drafts.size());
  size_t number = 0;
  for (ManifestDraft& draft : drafts) {
    if (draft.carried.has_value()) {
      manifests.push_back(*std::move(draft.carried));
      continue;
    }
    CALVE_ASSIGN(const PartitionSpec* spec, source.Spec(draft.spec_id));
    const ManifestHeader header{.schema = source.SchemaFor(*spec),
                                .spec = *spec,
                                .content = draft.content,
                                .format_version = metadata_.format_version,
                                .snapshot_id = update_.new_snapshot_id_.value};
    written_.push_back(ManifestLocation(metadata_, uuid, number++));
    CALVE_ASSIGN(auto manifest,
                 WriteManifest(*context_.store, written_.back(), header, draft.entries));
    manifests.push_back(std::move(manifest));
  }
  return manifests;
}

Snapshot UpdatePreparer::Describe(std::string manifest_list) const {
  std::vector<DataFile> added;
  if (update_.changes_.has_value()) {
    added = update_.changes_->added_data;
    added.insert(added.end(), update_.changes_->added_deletes.begin(),
                 update_.changes_->added_deletes.end());
  }
  const std::string& operation = update_.operation_;
  return {.snapshot_id = update_.new_snapshot_id_,
          .parent_snapshot_id = metadata_.current_snapshot_id,
          .sequence_number = metadata_.last_sequence_number,
          .timestamp_ms = metadata_.last_updated_ms,
          .manifest_list = std::move(manifest_list),
          .summary = Summarize({.operation = operation.empty() ? "append" : operation,
                                .added = added,
                                .removed = removed_,
                                .extra = update_.summary_,
                                .parent = metadata_.current_snapshot()}),
          .schema_id = metadata_.current_schema_id};
}

void UpdatePreparer::LogMetadata() {
  const LoadedTable& base = update_.base_;
  if (!base.metadata_location.empty()) {
    dropped_metadata_ =
        LogMetadataFile(metadata_, base.metadata.last_updated_ms, base.metadata_location);
  }
}

Status UpdatePreparer::WriteMetadata() {
  swap_.metadata_location = NextMetadataFile(metadata_, update_.base_.metadata_location,
                                             context_.uuids->Next());
  written_.push_back(swap_.metadata_location);
  return io::WriteObject(*context_.store, swap_.metadata_location,
                         TableMetadataToJson(metadata_));
}

Result<PreparedUpdate> Prepare(const CommitContext& context, TableUpdate update) {
  return UpdatePreparer(context, std::move(update)).Run();
}

}  // namespace calve::table
