#pragma once

/// \file contract/folder_config_internal.h
/// What dbt_project.yml configures for the models of a folder.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/yaml_internal.h"

namespace calve::contract {

/// The part of dbt_project.yml that models need.
struct ProjectSettings {
  std::string name;
  YamlAt models;  // its `models:` tree
};

struct FolderConfig {
  std::optional<std::string> schema;
  bool contract_enforced = false;
  std::vector<std::string> tags;
};

/// The folders of `path` below `models/`: `models/staging/ecomm/schema.yml` gives staging
/// and ecomm.
std::vector<std::string> FoldersOf(std::string_view path);

/// The configuration of a folder: that of its parents, outermost first, then its own.
/// Tags add up, the others are replaced.
FolderConfig ConfigOf(const ProjectSettings& settings,
                      const std::vector<std::string>& folders);

}  // namespace calve::contract
