#include "flow/fsck.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "flow/fsck_parts.h"
#include "flow/marker.h"
#include "flow/model_table.h"
#include "flow/retry.h"

namespace calve::flow {
namespace {

using contract::Model;
using table::LoadedTable;
using table::TableName;

/// Whether all snapshots of `before` are still there.
bool KeepsSnapshots(const LoadedTable& before, const LoadedTable& now) {
  const auto& snapshots = before.metadata.snapshots;
  return std::all_of(snapshots.begin(), snapshots.end(), [&](const table::Snapshot& one) {
    return now.metadata.FindSnapshot(one.snapshot_id) != nullptr;
  });
}

class Checker {
 public:
  Checker(const Pipeline& pipeline, const FsckRequest& request, Progress& progress,
          FsckReport& report)
      : pipeline_(pipeline),
        request_(request),
        progress_(progress),
        findings_(report, request.max_findings) {}

  Status Run() {
    CALVE_ASSIGN(const auto names, pipeline_.catalog->ListTables());
    for (const TableName& name : names) {
      if (IsOurs(name)) {
        CALVE_TRY(CheckTable(name));
      }
    }
    CALVE_TRY(LookForLostTables());
    for (const Model& model : pipeline_.project.models) {
      CALVE_TRY(CheckModel(model));
    }
    const auto landing = loaded_.find(pipeline_.landing_table);
    return CheckLanding(
        pipeline_,
        landing == loaded_.end() ? std::nullopt : std::optional(landing->second),
        progress_, findings_);
  }

  /// kConflict if a snapshot that was looked at is none of its table's any more: that
  /// somebody expired it meanwhile looks like damage.
  Status CheckNothingExpired() const {
    for (const auto& [name, before] : loaded_) {
      CALVE_ASSIGN(const auto now, TryLoadTable(pipeline_, name));
      if (!now || !KeepsSnapshots(before, *now)) {
        return Error{
            ErrorKind::kConflict,
            fmt::format("{}: snapshots were expired while it was checked", name.text())};
      }
    }
    return {};
  }

 private:
  /// Tables in the namespaces of the pipeline.
  bool IsOurs(const TableName& name) const {
    return name.name_space == pipeline_.landing_table.name_space ||
           name.name_space == "quarantine" ||
           std::any_of(
               pipeline_.project.models.begin(), pipeline_.project.models.end(),
               [&](const Model& model) { return model.layer == name.name_space; });
  }

  Status CheckTable(const TableName& name) {
    ++findings_.report().tables;
    progress_.Begin("check " + name.text(), /*total=*/0, "files");
    const int64_t files = findings_.report().files;
    CALVE_ASSIGN(const std::string location, pipeline_.catalog->MetadataLocation(name));
    if (!LiesBelow(location, {pipeline_.catalog->warehouse()})) {
      AddUnloadable(name, "outside_warehouse", location,
                    "the catalog points outside the warehouse; the file was not opened");
      return {};
    }
    auto loaded = table::LoadTable(*pipeline_.store, *pipeline_.catalog, name);
    if (!loaded) {
      AddUnloadable(name, "metadata_unreadable", location, loaded.error().message);
      return {};
    }
    CheckTableFiles(pipeline_, *loaded, findings_);
    progress_.End(fmt::format("{} files", findings_.report().files - files));
    loaded_.emplace(name, *std::move(loaded));
    return {};
  }

  void AddUnloadable(const TableName& name, std::string what, std::string place,
                     std::string detail) {
    findings_.Add(
        {.subject = name.text(),
         .name = std::move(what),
         .place = std::move(place),
         .detail = std::move(detail),
         .remedy = fmt::format("calve table register {} --newest", name.text())});
    unloadable_.insert(name);
  }

  /// Tables that the catalog does not know although their metadata is there.
  Status LookForLostTables() {
    std::vector<TableName> expected{pipeline_.landing_table};
    for (const Model& model : pipeline_.project.models) {
      expected.push_back({model.layer, model.name});
    }
    for (const TableName& name : expected) {
      if (loaded_.contains(name) || unloadable_.contains(name)) {
        continue;
      }
      const std::string folder =
          fmt::format("{}/{}/{}/metadata", pipeline_.catalog->warehouse(),
                      name.name_space, name.name);
      CALVE_ASSIGN(const auto objects, pipeline_.store->List(folder));
      const bool there =
          std::any_of(objects.begin(), objects.end(), [](const io::ObjectInfo& object) {
            return object.location.ends_with(".metadata.json");
          });
      if (there) {
        AddUnloadable(name, "not_in_catalog", folder,
                      "the table's metadata is there, but the catalog does not know it");
      }
    }
    return {};
  }

  Status CheckModel(const Model& model) {
    const auto table = loaded_.find({model.layer, model.name});
    if (table == loaded_.end()) {
      return {};
    }
    if (model.kind == contract::ModelKind::kHistory) {
      CALVE_TRY(CheckHistory(pipeline_, model, table->second, request_.scratch_folder,
                             findings_));
    } else if (model.kind != contract::ModelKind::kCurrent) {
      CALVE_TRY(CheckEventIds(pipeline_, model, table->second, request_.scratch_folder,
                              findings_));
    }
    const Model* from = pipeline_.project.Upstream(model);
    const auto upstream = loaded_.find(
        from == nullptr ? pipeline_.landing_table : TableName{from->layer, from->name});
    if (upstream != loaded_.end()) {
      CheckMarkers(table->second, upstream->second, findings_);
    }
    return {};
  }

  const Pipeline& pipeline_;  // All outlive this.
  const FsckRequest& request_;
  Progress& progress_;
  Findings findings_;
  std::map<TableName, LoadedTable> loaded_;
  std::set<TableName> unloadable_;
};

}  // namespace

void CheckMarkers(const LoadedTable& table, const LoadedTable& upstream,
                  Findings& findings) {
  const std::string name = upstream.name.text();
  const auto add = [&](const char* what, std::string detail) {
    findings.Add(
        {.subject = table.name.text(),
         .name = what,
         .place = "calve.applied." + name,
         .detail = std::move(detail),
         .remedy = "calve run, which reads the upstream again; then calve verify"});
  };
  const auto& own_current = table.metadata.current_snapshot_id;
  const auto newest = NewestMarkedSnapshot(table.metadata, name);
  if (newest && !(own_current && table.metadata.IsAncestor(*newest, *own_current))) {
    add("marker_undone",
        fmt::format("the current snapshot does not descend from {}, which Calve "
                    "committed: the table was rolled back or replaced",
                    newest->value));
  }
  const auto marker = FindMarker(table.metadata, name);
  const auto property = table.metadata.properties.find("calve.applied." + name);
  if (property != table.metadata.properties.end() && !marker) {
    add("marker_not_true", "no ancestor of the current snapshot wrote this marker");
    return;
  }
  if (!marker) {
    return;
  }
  if (marker->table_uuid != upstream.metadata.table_uuid) {
    add("marker_of_another_table",
        "it speaks of a table that is no longer under this name");
    return;
  }
  const table::Snapshot* consumed = upstream.metadata.FindSnapshot(marker->snapshot_id);
  const auto& current = upstream.metadata.current_snapshot_id;
  if (consumed == nullptr && HasConsumed(upstream.metadata, marker)) {
    return;  // Its files were merged, and then it was expired.
  }
  if (consumed == nullptr) {
    add("marker_without_snapshot",
        fmt::format("the upstream has no snapshot {}", marker->snapshot_id.value));
  } else if (consumed->sequence_number != marker->sequence_number) {
    add("marker_not_true", "its sequence number is not that of its snapshot");
  } else if (!current || !upstream.metadata.IsAncestor(marker->snapshot_id, *current)) {
    add("marker_rolled_back",
        "what it consumed is no ancestor of the upstream's current snapshot");
  }
}

Result<FsckReport> Fsck(const Pipeline& pipeline, const FsckRequest& request,
                        Progress& progress) {
  return RetryOnConflict(kReadAttempts, [&]() -> Result<FsckReport> {
    FsckReport report;
    Checker checker(pipeline, request, progress, report);
    CALVE_TRY(checker.Run());
    if (report.finding_count > 0) {
      CALVE_TRY(checker.CheckNothingExpired());
    }
    return report;
  });
}

}  // namespace calve::flow
