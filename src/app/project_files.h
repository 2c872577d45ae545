#pragma once

/// \file app/project_files.h
/// The files of a dbt project on disk.

#include <string>
#include <vector>

#include "contract/contract.h"
#include "core/result.h"

namespace calve::app {

/// Reads the YAML files of the dbt project in a folder, in the order of their paths.
Result<std::vector<contract::ProjectFile>> ReadProjectFiles(const std::string& folder);

/// Writes a file of the project as a whole, its folders made if need be; of a link its
/// target is replaced. kUnavailable.
Status WriteProjectFile(const std::string& folder, const contract::ProjectFile& file);

}  // namespace calve::app
