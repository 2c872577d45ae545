#pragma once

/// \file contract/schema_yml_internal.h
/// One `schema.yml` file: its models with `meta.calve`, and its sources.

#include <vector>

#include "contract/contract.h"
#include "contract/folder_config_internal.h"
#include "contract/problems_internal.h"
#include "contract/yaml_internal.h"

namespace calve::contract {

/// The models of a file that have `meta.calve`, each by itself; project_checks_internal.h
/// holds them against each other. A model that cannot be read whole is marked as broken.
std::vector<Model> ReadModels(const YamlAt& file, const ProjectSettings& settings,
                              Problems& problems);

/// The source tables of a file.
std::vector<Source> ReadSources(const YamlAt& file);

}  // namespace calve::contract
