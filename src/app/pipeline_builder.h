#pragma once

/// \file app/pipeline_builder.h
/// From the configuration to a pipeline: the place where concrete stores, catalogs and
/// clocks are made.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/config.h"
#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::app {

/// The parts that a command cannot do without.
struct PipelineNeeds {
  bool source = false;
  bool landing = false;
  bool catalog = false;
  bool models = false;
  bool trino = false;   // its login
  bool engine = false;  // what the configured engine needs beside: Trino's login
  /// Stands for the models' landing table: `--target-table`.
  std::string landing_table = {};
};

/// Builds the pipeline. The catalog is opened, and the models folder read, only if
/// needed.
///
/// \param environment  to tell someone who comes with VAULT_ADDR alone what is missing
/// \return kInvalidArgument naming what is missing and how to give it, or at fault in the
///         dbt project; the catalog's errors
Result<flow::Pipeline> BuildPipeline(const Config& config, const PipelineNeeds& needs,
                                     const Environment& environment);

/// `no landing place is configured: set landing.uri in calve.yaml, or …`
Error MissingKey(const Config& config, std::string_view what, std::string_view key);

/// Opens the configured catalog.
Result<std::unique_ptr<table::Catalog>> BuildCatalog(const CatalogConfig& config);

/// Reads the dbt project in a folder.
Result<contract::Project> LoadProject(const std::string& folder);

/// The landing table that the project's models read. kInvalidArgument if it has none or
/// several.
Result<table::TableName> LandingTableOf(const contract::Project& project);

}  // namespace calve::app
