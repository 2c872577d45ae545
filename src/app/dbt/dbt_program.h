#pragma once

/// \file app/dbt/dbt_program.h
/// Starts dbt, and reads what it tells.

#include <functional>
#include <string>
#include <vector>

#include "app/dbt/dbt_log.h"
#include "core/progress.h"
#include "core/result.h"
#include "query/trino_endpoint.h"

namespace calve::app {

/// dbt as it is to be started.
struct DbtProgram {
  std::string command;         // path, or a name to look up in PATH
  std::string project_folder;  // absolute
  std::string profiles;        // folder; empty: the project's if it has them, else dbt's
  std::string target;          // empty: the profile's own
  query::TrinoEndpoint trino;  // for the child's environment alone
  std::vector<std::string> environment;  // the rest of it, NAME=value, nothing secret
  /// Whether we are to stop: then dbt is stopped, which cancels its queries.
  std::function<bool()> interrupted;
};

/// Runs `dbt <words>` on the project to its end. Trino's address and login go to it as
/// TRINO_HOST, TRINO_PORT, TRINO_USER, TRINO_PASSWORD, TRINO_CATALOG and TRINO_SCHEME, as
/// the project's profiles.yml reads them.
///
/// \param log  takes what dbt tells
/// \return dbt's exit code; kInvalidArgument if there is no such program or it is no dbt;
///         kUnavailable if a signal ended it; kCancelled after an interrupt
Result<int> RunDbt(const DbtProgram& program, const std::vector<std::string>& words,
                   DbtLog& log);

/// Runs the models, after `dbt deps` where packages are missing.
///
/// \param models  their names; empty: all
/// \return what dbt did, all of it well; the Error of the first model that failed, or of
///         what ended dbt, as app/dbt/dbt_failure.h tells them
Result<std::vector<DbtModel>> RunDbtModels(const DbtProgram& program,
                                           const std::vector<std::string>& models,
                                           bool full_refresh, Progress& progress);

}  // namespace calve::app
