#include "app/doctor_storage.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "table/commit/table_update.h"

namespace calve::app {
namespace {

constexpr const char* kBytes = "written by calve doctor";

Status Fault(std::string what) {
  return Error{ErrorKind::kCorrupt, std::move(what)};
}

Status TryObject(io::ObjectStore& store, const std::string& folder,
                 const std::string& location) {
  CALVE_TRY(store.PutIfAbsent(location, kBytes));
  const Status second = store.PutIfAbsent(location, "another");
  if (second || second.error().kind != ErrorKind::kConflict) {
    return Fault("an object that is there was created once more");
  }
  CALVE_ASSIGN(const std::string read, io::ReadObject(store, location));
  if (read != kBytes) {
    return Fault("an object reads other than it was written");
  }
  CALVE_ASSIGN(const auto listed, store.List(folder));
  const bool found = std::any_of(
      listed.begin(), listed.end(),
      [&](const io::ObjectInfo& object) { return object.location == location; });
  if (!found) {
    return Fault("an object that was written is not listed");
  }
  CALVE_TRY(store.Delete(location));
  return store.Open(location) ? Fault("an object that was deleted is still there")
                              : Status();
}

Result<std::vector<table::LoadedTable>> CommitProperty(const flow::Pipeline& pipeline,
                                                       const table::LoadedTable& base,
                                                       const std::string& value) {
  table::TableUpdate update(base, table::NewSnapshotId(*pipeline.uuids));
  update.SetProperty("calve.doctor", value);
  std::vector<table::TableUpdate> updates;
  updates.push_back(std::move(update));
  return table::CommitUpdates(pipeline.commit_context(), std::move(updates));
}

Status TryCommits(const flow::Pipeline& pipeline, const table::TableName& name) {
  table::Schema schema;
  schema.fields.push_back(
      {.id = {1}, .name = "id", .type = {}, .required = false, .doc = ""});
  CALVE_ASSIGN(const table::LoadedTable defined,
               table::DefineTable(pipeline.commit_context(), {.name = name,
                                                              .schema = schema,
                                                              .spec = {},
                                                              .sort_order = {},
                                                              .properties = {},
                                                              .location = std::nullopt}));
  CALVE_ASSIGN(const auto created, CommitProperty(pipeline, defined, "created"));
  CALVE_ASSIGN(const auto changed, CommitProperty(pipeline, created.front(), "changed"));
  const auto stale = CommitProperty(pipeline, created.front(), "stale");
  if (stale || stale.error().kind != ErrorKind::kConflict) {
    return Fault("a commit on an outdated version was not refused");
  }
  CALVE_ASSIGN(const table::LoadedTable now,
               table::LoadTable(*pipeline.store, *pipeline.catalog, name));
  return now.metadata.properties.at("calve.doctor") == "changed"
             ? Status()
             : Fault("the catalog does not give back what was committed");
}

/// Takes away what TryCommits left.
Status CleanUp(const flow::Pipeline& pipeline, const table::TableName& name) {
  Status dropped = pipeline.catalog->DropTable(name);
  if (!dropped && dropped.error().kind != ErrorKind::kNotFound) {
    return dropped;
  }
  CALVE_ASSIGN(const auto files,
               pipeline.store->List(fmt::format("{}/{}/{}", pipeline.catalog->warehouse(),
                                                name.name_space, name.name)));
  for (const io::ObjectInfo& file : files) {
    CALVE_TRY(pipeline.store->Delete(file.location));
  }
  return {};
}

}  // namespace

Check CheckPlace(const flow::Pipeline& pipeline, const std::string& name,
                 const std::string& root) {
  const std::string folder = root + "/_calve_doctor";
  const std::string location = fmt::format("{}/{}", folder, pipeline.uuids->Next());
  const Status tried = TryObject(*pipeline.store, folder, location);
  if (tried) {
    return {name, CheckState::kGood,
            fmt::format("{}: create once, get, list and delete work", root), ""};
  }
  (void)pipeline.store->Delete(location);
  return {name, CheckState::kFailed, fmt::format("{}: {}", root, tried.error().message),
          "see that it exists, has room, and that this user may read, write and delete "
          "there"};
}

Check CheckCatalog(const flow::Pipeline& pipeline) {
  std::string suffix = pipeline.uuids->Next();
  std::erase(suffix, '-');
  const table::TableName name{"calve_doctor", "probe_" + suffix};
  Status tried = TryCommits(pipeline, name);
  const Status cleaned = CleanUp(pipeline, name);
  if (tried && !cleaned) {
    tried = cleaned;
  }
  if (tried) {
    return {"catalog", CheckState::kGood,
            "commits, refuses stale commits, and drops again", ""};
  }
  return {"catalog", CheckState::kFailed, tried.error().message,
          "see that catalog.uri and catalog.warehouse are right and may be written"};
}

}  // namespace calve::app
