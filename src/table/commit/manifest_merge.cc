#include <algorithm>
#include <map>
#include <utility>

#include "table/commit/manifest_draft_internal.h"
#include "table/metadata/number_property.h"

namespace calve::table {
namespace {

// What an entry takes in a manifest, roughly: drafts have no size yet.
constexpr int64_t kEntryBytes = 400;

int64_t SizeOf(const ManifestDraft& draft) {
  return draft.carried.has_value() ? draft.carried->manifest_length_bytes
                                   : std::ssize(draft.entries) * kEntryBytes;
}

/// Moves a draft's entries into `into`, reading them if it was carried over.
Status Absorb(const ManifestSource& source, ManifestDraft draft,
              std::vector<ManifestEntry>& into) {
  if (draft.carried.has_value()) {
    CALVE_ASSIGN(draft.entries, source.ReadLive(*draft.carried));
    for (ManifestEntry& entry : draft.entries) {
      entry.status = EntryStatus::kExisting;
    }
  }
  std::move(draft.entries.begin(), draft.entries.end(), std::back_inserter(into));
  return {};
}

/// Merges one group's drafts, newest first, bin by bin; a bin of one stays as it is.
class GroupMerger {
 public:
  GroupMerger(const ManifestSource& source, int64_t target_bytes)
      : source_(source), target_bytes_(target_bytes) {}

  Status Add(ManifestDraft draft) {
    const int64_t bytes = SizeOf(draft);
    if (!bin_.empty() && bin_bytes_ + bytes > target_bytes_) {
      CALVE_TRY(CloseBin());
    }
    bin_bytes_ += bytes;
    bin_.push_back(std::move(draft));
    return {};
  }

  Status Finish(std::vector<ManifestDraft>& into) {
    CALVE_TRY(CloseBin());
    std::move(merged_.begin(), merged_.end(), std::back_inserter(into));
    return {};
  }

 private:
  Status CloseBin() {
    bin_bytes_ = 0;
    std::vector<ManifestDraft> bin = std::exchange(bin_, {});
    if (bin.size() == 1) {
      merged_.push_back(std::move(bin.front()));
    }
    if (bin.size() <= 1) {
      return {};
    }
    ManifestDraft draft;
    draft.content = bin.front().content;
    draft.spec_id = bin.front().spec_id;
    for (ManifestDraft& part : bin) {
      CALVE_TRY(Absorb(source_, std::move(part), draft.entries));
    }
    merged_.push_back(std::move(draft));
    return {};
  }

  const ManifestSource& source_;  // Outlives this object.
  int64_t target_bytes_;
  std::vector<ManifestDraft> bin_;
  int64_t bin_bytes_ = 0;
  std::vector<ManifestDraft> merged_;
};

/// Appends the group to `into`, merged if it is larger than the policy has it.
Status MergeGroup(const ManifestSource& source, const MergePolicy& policy,
                  std::vector<ManifestDraft> group, std::vector<ManifestDraft>& into) {
  if (std::ssize(group) <= policy.min_count) {
    std::move(group.begin(), group.end(), std::back_inserter(into));
    return {};
  }
  GroupMerger merger(source, policy.target_bytes);
  for (ManifestDraft& draft : group) {
    CALVE_TRY(merger.Add(std::move(draft)));
  }
  return merger.Finish(into);
}

}  // namespace

MergePolicy MergePolicy::Of(const Properties& properties) {
  const MergePolicy standard;
  const auto enabled = properties.find("commit.manifest-merge.enabled");
  return {.enabled = enabled == properties.end() || enabled->second != "false",
          .min_count = PositiveNumberIn(properties, "commit.manifest.min-count-to-merge",
                                        standard.min_count),
          .target_bytes = PositiveNumberIn(
              properties, "commit.manifest.target-size-bytes", standard.target_bytes)};
}

Status MergeManifests(const ManifestSource& source, const MergePolicy& policy,
                      std::vector<ManifestDraft>& drafts) {
  if (!policy.enabled) {
    return {};
  }
  std::map<std::pair<ManifestContent, int32_t>, std::vector<ManifestDraft>> groups;
  for (ManifestDraft& draft : std::exchange(drafts, {})) {
    groups[{draft.content, draft.spec_id}].push_back(std::move(draft));
  }
  for (auto& [key, group] : groups) {
    CALVE_TRY(MergeGroup(source, policy, std::move(group), drafts));
  }
  return {};
}

}  // namespace calve::table
