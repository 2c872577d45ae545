#include <span>

#include "contract/folder_config_internal.h"

namespace calve::contract {
namespace {

/// dbt takes a key with or without `+`; the plain one can also be a folder's name.
YamlAt Setting(const YamlAt& level, const std::string& key) {
  const YamlAt with_plus = level["+" + key];
  return with_plus.defined() ? with_plus : level[key];
}

void Apply(const YamlAt& level, FolderConfig& config) {
  if (const YamlAt schema = Setting(level, "schema"); !schema.Text().empty()) {
    config.schema = schema.Text();
  }
  if (const YamlAt enforced = Setting(level, "contract")["enforced"];
      enforced.defined()) {
    config.contract_enforced = enforced.IsTrue();
  }
  for (const std::string& tag : Setting(level, "tags").Texts()) {
    config.tags.push_back(tag);
  }
}

/// Applies `level` and then its folders, outermost first.
void ApplyPath(const YamlAt& level, std::span<const std::string> folders,
               FolderConfig& config) {
  Apply(level, config);
  if (!folders.empty()) {
    ApplyPath(level[folders.front()], folders.subspan(1), config);
  }
}

}  // namespace

std::vector<std::string> FoldersOf(std::string_view path) {
  std::vector<std::string> folders;
  constexpr std::string_view kRoot = "models/";
  std::string_view rest =
      path.starts_with(kRoot) ? path.substr(kRoot.size()) : std::string_view();
  for (size_t slash = rest.find('/'); slash != std::string_view::npos;
       slash = rest.find('/')) {
    folders.emplace_back(rest.substr(0, slash));
    rest.remove_prefix(slash + 1);
  }
  return folders;
}

FolderConfig ConfigOf(const ProjectSettings& settings,
                      const std::vector<std::string>& folders) {
  FolderConfig config;
  Apply(settings.models, config);
  ApplyPath(settings.models[settings.name], folders, config);
  return config;
}

}  // namespace calve::contract
