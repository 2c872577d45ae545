#include <algorithm>
#include <utility>

#include "table/commit/manifest_draft_internal.h"

namespace calve::table {
namespace {

/// Where to look, in order: manifests that may hold the hints' partitions, then the rest.
std::vector<ManifestDraft*> SearchOrder(const ManifestSource& source,
                                        const FileSearch& search,
                                        std::vector<ManifestDraft>& drafts) {
  std::vector<ManifestDraft*> order;
  for (ManifestDraft& draft : drafts) {
    if (draft.content == search.content && draft.carried.has_value()) {
      order.push_back(&draft);
    }
  }
  std::set<std::pair<int32_t, PartitionValues>> partitions;
  for (const DataFile& hint : search.hints) {
    partitions.emplace(hint.spec_id, hint.partition);
  }
  const auto is_likely = [&](const ManifestDraft* draft) {
    const std::optional<ManifestFile>& carried = draft->carried;
    if (!carried.has_value()) {
      return false;
    }
    const ManifestFile& manifest = *carried;
    return std::any_of(partitions.begin(), partitions.end(), [&](const auto& partition) {
      return source.MayContain(manifest, partition.first, partition.second);
    });
  };
  std::stable_partition(order.begin(), order.end(), is_likely);
  return order;
}

/// Takes the entries' files off the search; those to remove become kDeleted, all others
/// kExisting. \return the removed files
std::vector<DataFile> TakeFound(int64_t snapshot_id, FileSearch& search,
                                std::vector<ManifestEntry>& entries) {
  std::vector<DataFile> removed;
  for (ManifestEntry& entry : entries) {
    entry.status = EntryStatus::kExisting;
    search.referenced.erase(entry.file.file_path);
    if (search.removed.erase(entry.file.file_path) > 0) {
      entry.status = EntryStatus::kDeleted;
      entry.snapshot_id = snapshot_id;
      removed.push_back(entry.file);
    }
  }
  return removed;
}

}  // namespace

Result<std::vector<DataFile>> RemoveFiles(const ManifestSource& source,
                                          int64_t snapshot_id, FileSearch search,
                                          std::vector<ManifestDraft>& drafts) {
  std::vector<DataFile> all_removed;
  for (ManifestDraft* draft : SearchOrder(source, search, drafts)) {
    if (search.removed.empty() && search.referenced.empty()) {
      break;
    }
    CALVE_ASSIGN(auto entries, source.ReadLive(draft->carried.value()));
    auto removed = TakeFound(snapshot_id, search, entries);
    if (!removed.empty()) {
      draft->carried.reset();
      draft->entries = std::move(entries);
      std::move(removed.begin(), removed.end(), std::back_inserter(all_removed));
    }
  }
  const auto& missing = search.removed.empty() ? search.referenced : search.removed;
  if (!missing.empty()) {
    return Error{ErrorKind::kConflict,
                 "a file is not live in the table any more: " + *missing.begin()};
  }
  return all_removed;
}

}  // namespace calve::table
