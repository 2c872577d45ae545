#include "app/pipeline_builder.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/config/config_keys.h"
#include "app/object_storage.h"
#include "app/project_files.h"
#include "io/system.h"
#include "table/catalog/postgres_catalog.h"
#include "table/catalog/sqlite_catalog.h"

namespace calve::app {
namespace {

namespace fs = std::filesystem;

Error MissingSource(const Config& config, const Environment& environment) {
  if (!Lookup(environment, "VAULT_ADDR").empty()) {
    return {
        ErrorKind::kInvalidArgument,
        "VAULT_ADDR says where the vault is, but nothing says which secret in it is the "
        "source's: set source.postgres.secret, or VAULT_SECRET_PATH_PSQL_SOURCE_DB to "
        "secret/postgres/ecommerce"};
  }
  return MissingKey(config, "source", "source.postgres.dsn");
}

/// `audit_log` → `landing.audit_log`; `lake.landing.audit_log`, as Trino names it, loses
/// the catalog.
Result<table::TableName> ParseLandingTable(const std::string& text,
                                           const Config& config) {
  std::string name = text;
  const std::string catalog = config.catalog ? config.catalog->name + "." : ".";
  if (name.starts_with(catalog) && std::count(name.begin(), name.end(), '.') > 1) {
    name = name.substr(catalog.size());
  }
  return table::ParseTableName(name.find('.') == name.npos ? "landing." + name : name);
}

/// The project, if it is needed or names the landing table.
Status AddModels(const Config& config, const PipelineNeeds& needs,
                 flow::Pipeline& pipeline) {
  if (!needs.landing_table.empty()) {
    CALVE_ASSIGN(pipeline.landing_table, ParseLandingTable(needs.landing_table, config));
  }
  const bool needed = needs.models || (needs.catalog && needs.landing_table.empty());
  if (!needed) {
    return {};
  }
  if (config.models.empty()) {
    return MissingKey(config, "dbt project", "models");
  }
  CALVE_ASSIGN(pipeline.project, LoadProject(config.models));
  if (needs.landing_table.empty()) {
    CALVE_ASSIGN(pipeline.landing_table, LandingTableOf(pipeline.project));
  }
  return {};
}

}  // namespace

Error MissingKey(const Config& config, std::string_view what, std::string_view key) {
  const std::string file =
      config.file.empty() ? "calve.yaml (`calve init` writes one)" : config.file;
  return {ErrorKind::kInvalidArgument,
          fmt::format("no {} is configured: set {} in {}, or the variable {}", what, key,
                      file, VariableOf(key))};
}

Result<flow::Pipeline> BuildPipeline(const Config& config, const PipelineNeeds& needs,
                                     const Environment& environment) {
  if (needs.source && !config.source_dsn) {
    return MissingSource(config, environment);
  }
  if (needs.landing && config.landing_root.empty()) {
    return MissingKey(config, "landing place", "landing.uri");
  }
  if (needs.catalog && !config.catalog) {
    return MissingKey(config, "catalog", "catalog.uri");
  }
  flow::Pipeline pipeline;
  pipeline.name = config.pipeline;
  pipeline.source = {.dsn = config.source_dsn ? config.source_dsn->Reveal() : "",
                     .audit_table = config.audit_table};
  pipeline.landing = {.root = config.landing_root, .prefix = config.landing_prefix};
  pipeline.limits = config.limits;
  pipeline.maintenance = config.maintenance;
  CALVE_TRY(AddModels(config, needs, pipeline));
  pipeline.store = MakeObjectStorage(config, environment);
  pipeline.clock = std::make_unique<io::SystemClock>();
  pipeline.uuids = std::make_unique<io::SystemUuids>();
  if (needs.catalog) {
    CALVE_ASSIGN(pipeline.catalog, BuildCatalog(*config.catalog));
  }
  return pipeline;
}

Result<std::unique_ptr<table::Catalog>> BuildCatalog(const CatalogConfig& config) {
  if (config.database_path.empty()) {
    return table::OpenPostgresCatalog({.dsn = config.dsn.Reveal(),
                                       .user = config.user,
                                       .password = config.password.Reveal(),
                                       .name = config.name,
                                       .warehouse = config.warehouse});
  }
  std::error_code ignored;  // Opening the file names what is wrong.
  fs::create_directories(fs::path(config.database_path).parent_path(), ignored);
  return table::OpenSqliteCatalog(
      {.path = config.database_path, .name = config.name, .warehouse = config.warehouse});
}

Result<contract::Project> LoadProject(const std::string& folder) {
  CALVE_ASSIGN(const auto files, ReadProjectFiles(folder));
  return contract::ParseProject(files);
}

Result<table::TableName> LandingTableOf(const contract::Project& project) {
  std::set<table::TableName> tables;
  for (const contract::Model& model : project.models) {
    for (const contract::Source& source : project.sources) {
      if (model.kind == contract::ModelKind::kDedupe && model.from == source.name) {
        tables.insert({source.name_space, source.name});
      }
    }
  }
  if (tables.size() == 1) {
    return *tables.begin();
  }
  return Error{
      ErrorKind::kInvalidArgument,
      fmt::format("the dbt project {} has {} landing tables that a model of kind "
                  "dedupe reads; it needs one, or name it by --target-table",
                  project.name, tables.size())};
}

}  // namespace calve::app
