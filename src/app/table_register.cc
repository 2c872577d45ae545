#include "app/table_register.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "table/commit/newest_metadata.h"
#include "table/maintain/orphans.h"

namespace calve::app {
namespace {

Result<std::optional<std::string>> PointerOf(const flow::Pipeline& pipeline,
                                             const table::TableName& name) {
  auto location = pipeline.catalog->MetadataLocation(name);
  if (!location && location.error().kind != ErrorKind::kNotFound) {
    return location.error();
  }
  return location ? std::optional(*std::move(location)) : std::nullopt;
}

/// Where the table's metadata lies: beside what the catalog points at or, where it has
/// nothing, at the default place.
std::string FolderOf(const flow::Pipeline& pipeline, const table::TableName& name,
                     const std::optional<std::string>& pointer) {
  return pointer ? pointer->substr(0, pointer->rfind('/'))
                 : fmt::format("{}/{}/{}/metadata", pipeline.catalog->warehouse(),
                               name.name_space, name.name);
}

}  // namespace

Result<Document> RegisterTable(Session& session, const flow::Pipeline& pipeline,
                               const RegisterWords& words) {
  if (words.newest == !words.metadata.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 "give the location of a metadata file, or --newest"};
  }
  CALVE_ASSIGN(const table::TableName name, table::ParseTableName(words.table));
  CALVE_ASSIGN(const auto pointer, PointerOf(pipeline, name));
  std::string location = words.metadata;
  if (location.starts_with('/')) {
    location = "file://" + location;
  }
  CALVE_ASSIGN(const table::StoredMetadata stored,
               words.newest ? table::FindNewestMetadata(*pipeline.store,
                                                        FolderOf(pipeline, name, pointer))
                            : table::ReadStoredMetadata(*pipeline.store, location));
  const std::string& warehouse = pipeline.catalog->warehouse();
  if (!table::NormalizedLocation(stored.metadata.location)
           .starts_with(table::NormalizedLocation(warehouse) + "/")) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("the metadata is of a table at {}, outside the warehouse {}",
                             stored.metadata.location, warehouse)};
  }
  if (pointer && *pointer != stored.location) {
    CALVE_TRY(session.Confirm(fmt::format("pointing {} from {} to {}", name.text(),
                                          *pointer, stored.location)));
  }
  const table::PointerSwap swap{.name = name,
                                .expected_metadata_location = pointer,
                                .metadata_location = stored.location};
  CALVE_TRY(pipeline.catalog->Commit({&swap, 1}));
  Document document;
  Record& record = document.AddRecord();
  record.Add("table", name.text());
  record.Add("metadata", stored.location);
  record.Add("uuid", stored.metadata.table_uuid);
  record.Add("snapshots", static_cast<int64_t>(stored.metadata.snapshots.size()));
  record.Add("updated_at",
             FormatIsoTimestamp({stored.metadata.last_updated_ms * int64_t{1000}}));
  return document;
}

}  // namespace calve::app
