#include "flow/maintain.h"

#include <optional>
#include <set>
#include <utility>

#include "flow/dbt_progress.h"
#include "flow/marker.h"
#include "flow/model_table.h"
#include "flow/quarantine.h"
#include "flow/retry.h"

namespace calve::flow {
namespace {

/// How often an expiry starts over because another writer was faster.
constexpr int kMaintainAttempts = 20;

Result<table::LoadedTable> Load(const Pipeline& pipeline, const table::TableName& name) {
  return table::LoadTable(*pipeline.store, *pipeline.catalog, name);
}

std::string UpstreamOf(const Pipeline& pipeline, const contract::Model& model) {
  const contract::Model* upstream = pipeline.project.Upstream(model);
  return upstream != nullptr ? upstream->table() : pipeline.landing_table.text();
}

/// Whether a location is a folder or below it.
bool IsWithin(const std::string& location, const std::string& folder) {
  const std::string outer = table::NormalizedLocation(folder);
  const std::string inner = table::NormalizedLocation(location);
  return inner == outer || inner.starts_with(outer + "/");
}

int64_t NowMs(const Pipeline& pipeline) {
  return pipeline.clock->Now().value / 1000;
}

/// How far the transform's engines have read an upstream into a table; of two, the one
/// that lags is left out: it was given up, and would else keep snapshots for ever.
struct LeadingEngines {
  std::optional<UpstreamPoint> native;
  std::optional<DbtProgress> dbt;

  LeadingEngines(const table::TableMetadata& consumer,
                 const table::TableMetadata& upstream, const std::string& upstream_name)
      : native(FindMarker(consumer, upstream_name)),
        dbt(FindDbtProgress(consumer, upstream)) {
    if (native && native->table_uuid != upstream.table_uuid) {
      native.reset();
    }
    if (native && dbt && native->sequence_number < dbt->read.sequence_number) {
      native.reset();
    } else if (native && dbt && dbt->read.sequence_number < native->sequence_number) {
      dbt.reset();
    }
  }
};

/// The table's own snapshots that its progress rests on.
Result<std::set<table::SnapshotId>> OwnSnapshots(const Pipeline& pipeline,
                                                 const CaredTable& cared,
                                                 const table::TableMetadata& metadata) {
  std::set<table::SnapshotId> own;
  const auto name = table::ParseTableName(cared.upstream);
  if (!name) {
    return own;
  }
  const auto upstream = Load(pipeline, *name);
  if (!upstream && upstream.error().kind != ErrorKind::kNotFound) {
    return upstream.error();
  }
  const LeadingEngines leading(
      metadata, upstream ? upstream->metadata : table::TableMetadata(), cared.upstream);
  if (leading.dbt) {
    own.insert(leading.dbt->own);
  }
  const auto marked = MarkerSnapshot(metadata, cared.upstream);
  if (marked && (leading.native || !leading.dbt)) {
    own.insert(*marked);
  }
  return own;
}

/// Folders whose files are none of the table's, although they may lie within its own.
Result<std::vector<std::string>> FoldersOfOthers(const Pipeline& pipeline,
                                                 const table::LoadedTable& table) {
  std::vector<std::string> folders;
  CALVE_ASSIGN(const auto names, pipeline.catalog->ListTables());
  for (const table::TableName& name : names) {
    if (name != table.name) {
      CALVE_ASSIGN(auto other, Load(pipeline, name));
      folders.push_back(std::move(other.metadata.location));
    }
  }
  if (const std::string landing = pipeline.landing.Location(pipeline.landing.prefix);
      IsWithin(landing, table.metadata.location)) {
    folders.push_back(landing);
  }
  return folders;
}

}  // namespace

Result<std::vector<CaredTable>> TablesUnderCare(const Pipeline& pipeline,
                                                const std::string& select) {
  CALVE_ASSIGN(const auto models, contract::Select(pipeline.project, select));
  CALVE_ASSIGN(const auto listed, pipeline.catalog->ListTables());
  const std::set<table::TableName> existing(listed.begin(), listed.end());
  std::vector<CaredTable> tables;
  const auto add = [&](CaredTable cared) {
    if (existing.contains(cared.name)) {
      tables.push_back(std::move(cared));
    }
  };
  if (select.empty()) {
    add({pipeline.landing_table, ""});
  }
  for (const contract::Model* model : models) {
    add({{model->layer, model->name}, UpstreamOf(pipeline, *model)});
    add({{kQuarantineNamespace, model->name}, ""});
  }
  return tables;
}

Result<table::CompactionReport> CompactTable(const Pipeline& pipeline,
                                             const CaredTable& cared,
                                             const table::CompactionPolicy& policy,
                                             const std::function<Status()>& check) {
  const auto carry_marker = [&](table::TableUpdate& update) {
    const auto marker = FindMarker(update.base().metadata, cared.upstream);
    if (marker) {
      SetMarker(update, cared.upstream, *marker);
    }
  };
  return RetryOnConflict(kReadAttempts, [&]() -> Result<table::CompactionReport> {
    CALVE_ASSIGN(auto table, Load(pipeline, cared.name));
    const table::CompactionRequest request{
        .policy = policy,
        .write_options = WriteOptionsFor(table.metadata.schema()),
        .annotate = carry_marker,
        .check = check};
    return table::Compact(pipeline.commit_context(), std::move(table), request);
  });
}

Result<std::set<table::SnapshotId>> NeededSnapshots(const Pipeline& pipeline,
                                                    const CaredTable& cared,
                                                    const table::LoadedTable& table) {
  CALVE_ASSIGN(auto needed, OwnSnapshots(pipeline, cared, table.metadata));
  for (const contract::Model& model : pipeline.project.models) {
    if (UpstreamOf(pipeline, model) != cared.name.text()) {
      continue;
    }
    const auto consumer = Load(pipeline, {model.layer, model.name});
    if (!consumer) {
      if (consumer.error().kind == ErrorKind::kNotFound) {
        continue;
      }
      return consumer.error();
    }
    const LeadingEngines leading(consumer->metadata, table.metadata, cared.name.text());
    if (leading.native) {
      needed.insert(leading.native->snapshot_id);
    }
    if (leading.dbt) {
      needed.insert(leading.dbt->read.snapshot_id);
    }
  }
  return needed;
}

Result<ExpiryOutcome> ExpireTable(const Pipeline& pipeline, const CaredTable& cared,
                                  bool dry_run) {
  return RetryOnConflict(kMaintainAttempts, [&]() -> Result<ExpiryOutcome> {
    CALVE_ASSIGN(const auto table, Load(pipeline, cared.name));
    if (!table::MayCollect(table.metadata)) {
      return ExpiryOutcome();
    }
    CALVE_ASSIGN(const auto needed, NeededSnapshots(pipeline, cared, table));
    const auto plan = table::PlanExpiry(
        table.metadata, table::PolicyFor(table.metadata, pipeline.maintenance.expiry),
        needed, NowMs(pipeline));
    CALVE_ASSIGN(const auto report,
                 dry_run ? table::DescribeExpiry(*pipeline.store, table, plan)
                         : table::Expire(pipeline.commit_context(), table, plan));
    return ExpiryOutcome{.done = report, .held = plan.held};
  });
}

Result<table::Orphans> FindTableOrphans(const Pipeline& pipeline, const CaredTable& cared,
                                        std::chrono::milliseconds older_than) {
  return RetryOnConflict(kReadAttempts, [&]() -> Result<table::Orphans> {
    CALVE_ASSIGN(const auto table, Load(pipeline, cared.name));
    if (!table::MayCollect(table.metadata)) {
      return table::Orphans();
    }
    CALVE_ASSIGN(auto spared, FoldersOfOthers(pipeline, table));
    return table::FindOrphans(*pipeline.store, table,
                              {.older_than = older_than, .spared = std::move(spared)},
                              NowMs(pipeline));
  });
}

Result<std::vector<io::ObjectInfo>> FindLandingLeftovers(
    const Pipeline& pipeline, std::chrono::milliseconds older_than) {
  CALVE_TRY(table::CheckOrphanAge(older_than));
  const std::string& prefix = pipeline.landing.prefix;
  CALVE_ASSIGN(auto unfinished, pipeline.store->ListUnfinished(
                                    prefix.empty() ? pipeline.landing.root
                                                   : pipeline.landing.Location(prefix)));
  table::KeepOlderThan(older_than, NowMs(pipeline), unfinished);
  return unfinished;
}

}  // namespace calve::flow
