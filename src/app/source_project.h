#pragma once

/// \file app/source_project.h
/// `calve init --from`: a new pipeline for the tables of a database that is there.

#include <string>
#include <vector>

#include "contract/contract.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::app {

/// A table that the project leaves out.
struct SkippedTable {
  std::string table;
  std::string reason;
};

struct SourceProject {
  std::vector<contract::ProjectFile> files;  // calve.yaml, and those below dbt_dwh
  std::vector<std::string> models;
  std::vector<std::string> tables;  // source tables with models
  std::vector<SkippedTable> skipped;
};

/// Drafts a project from the tables of a schema: the example's own files for the audit
/// log, named after the database, and models for each table that has a key and can be
/// captured. No password gets into a file.
///
/// \return kInvalidArgument, with the remedy, if no table can have models; kNotFound if
///         there is no such schema; Connection's errors
Result<SourceProject> DraftProject(postgres::Connection& connection,
                                   const std::string& schema);

}  // namespace calve::app
