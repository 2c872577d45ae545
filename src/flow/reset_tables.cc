#include "flow/reset_tables.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "flow/extract.h"
#include "flow/fsck_parts.h"
#include "table/commit/table_update.h"

namespace calve::flow {
namespace {

using table::TableName;

Result<std::vector<TableName>> Existing(const Pipeline& pipeline,
                                        const ResetRequest& request) {
  CALVE_ASSIGN(const auto models, contract::Select(pipeline.project, request.select));
  std::set<TableName> wanted;
  for (const contract::Model* model : models) {
    wanted.insert({model->layer, model->name});
    wanted.insert({"quarantine", model->name});
  }
  if (request.landing) {
    wanted.insert(pipeline.landing_table);
  }
  CALVE_ASSIGN(const auto all, pipeline.catalog->ListTables());
  std::vector<TableName> names;
  for (const TableName& name : all) {
    if (wanted.contains(name)) {
      names.push_back(name);
    }
  }
  return names;
}

/// Refuses to drop rows whose landing file is gone, and names those that the ledger does
/// not bring back.
Status CheckLandingComesBack(const Pipeline& pipeline, ResetReport& report) {
  auto landing =
      table::LoadTable(*pipeline.store, *pipeline.catalog, pipeline.landing_table);
  if (!landing) {
    // A table that can't be read holds nothing back.
    return {};
  }
  CALVE_ASSIGN(const auto rows, RowsByLandingFile(pipeline, *landing));
  CALVE_ASSIGN(const auto keys, LedgeredKeys(pipeline));
  const std::set<std::string> ledgered(keys.begin(), keys.end());
  for (const auto& [key, count] : rows) {
    const auto file = pipeline.store->Open(pipeline.landing.Location(key));
    if (!file) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("{} rows of the landing table came from {}, which is no "
                               "longer stored ({}): they would not come back; put the "
                               "file back, or reset without --landing",
                               count, key, file.error().message)};
    }
    if (!ledgered.contains(key)) {
      report.ingest_again.push_back(key);
    }
  }
  return {};
}

/// Deletes all that lies at a table's place, which must be its own below the warehouse.
Result<int64_t> DeleteAt(const Pipeline& pipeline, const std::string& location) {
  if (!LiesBelow(location, {pipeline.catalog->warehouse()})) {
    return int64_t{0};
  }
  CALVE_ASSIGN(const auto objects, pipeline.store->List(location));
  for (const io::ObjectInfo& object : objects) {
    CALVE_TRY(pipeline.store->Delete(object.location));
  }
  return static_cast<int64_t>(objects.size());
}

std::string PlaceOf(const Pipeline& pipeline, const TableName& name) {
  const auto loaded = table::LoadTable(*pipeline.store, *pipeline.catalog, name);
  return loaded ? loaded->metadata.location
                : fmt::format("{}/{}/{}", pipeline.catalog->warehouse(), name.name_space,
                              name.name);
}

}  // namespace

Result<ResetReport> PlanReset(const Pipeline& pipeline, const ResetRequest& request) {
  ResetReport report;
  if (request.landing) {
    CALVE_TRY(CheckLandingComesBack(pipeline, report));
  }
  CALVE_ASSIGN(const auto names, Existing(pipeline, request));
  for (const TableName& name : names) {
    report.tables.push_back(name.text());
  }
  return report;
}

Result<ResetReport> ResetTables(const Pipeline& pipeline, const ResetRequest& request) {
  CALVE_ASSIGN(ResetReport report, PlanReset(pipeline, request));
  for (const std::string& text : report.tables) {
    CALVE_ASSIGN(const TableName name, table::ParseTableName(text));
    const std::string place = PlaceOf(pipeline, name);
    // First the name, then the files: nobody finds a table without them.
    CALVE_TRY(pipeline.catalog->DropTable(name));
    CALVE_ASSIGN(const int64_t files, DeleteAt(pipeline, place));
    report.files += files;
  }
  return report;
}

}  // namespace calve::flow
