#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "contract/contract.h"
#include "contract/folder_config_internal.h"
#include "contract/nearest_internal.h"

namespace calve::contract {
namespace {

using Selected = std::set<const Model*>;

constexpr std::string_view kTagPrefix = "tag:";

std::vector<std::string> SplitWords(std::string_view selection) {
  std::vector<std::string> words(1);
  for (const char c : selection) {
    if (c == ' ' || c == ',' || c == '\t' || c == '\n') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  std::erase(words, "");
  return words;
}

bool Contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool Matches(const Model& model, std::string_view name) {
  if (name.starts_with(kTagPrefix)) {
    return Contains(model.tags, name.substr(kTagPrefix.size()));
  }
  return model.name == name || model.layer == name ||
         Contains(FoldersOf(model.file), name) || Contains(model.tags, name);
}

std::vector<std::string> SelectableNames(const Project& project) {
  std::vector<std::string> names;
  for (const Model& model : project.models) {
    names.push_back(model.name);
    names.push_back(model.layer);
    const std::vector<std::string> folders = FoldersOf(model.file);
    names.insert(names.end(), folders.begin(), folders.end());
    names.insert(names.end(), model.tags.begin(), model.tags.end());
  }
  return names;
}

void AddUpstream(const Project& project, const Model& model, Selected& selected) {
  for (const Model* from = project.Upstream(model); from != nullptr;
       from = project.Upstream(*from)) {
    if (!selected.insert(from).second) {
      return;
    }
  }
}

/// The project has upstream before downstream, so one pass finds all.
void AddDownstream(const Project& project, Selected& downstream) {
  for (const Model& model : project.models) {
    if (downstream.contains(project.Upstream(model))) {
      downstream.insert(&model);
    }
  }
}

Status SelectWord(const Project& project, std::string_view word, Selected& selected) {
  std::string_view name = word;
  const bool upstream = name.starts_with('+');
  name.remove_prefix(upstream ? 1 : 0);
  const bool downstream = name.ends_with('+');
  name.remove_suffix(downstream ? 1 : 0);
  Selected matched;
  for (const Model& model : project.models) {
    if (Matches(model, name)) {
      matched.insert(&model);
    }
  }
  if (matched.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("selection `{}` names no model, layer, folder or tag; the "
                             "nearest is `{}`",
                             word, Nearest(name, SelectableNames(project)))};
  }
  Selected all = matched;
  if (upstream) {
    for (const Model* model : matched) {
      AddUpstream(project, *model, all);
    }
  }
  if (downstream) {
    AddDownstream(project, matched);
    all.insert(matched.begin(), matched.end());
  }
  selected.insert(all.begin(), all.end());
  return {};
}

}  // namespace

Result<std::vector<const Model*>> Select(const Project& project,
                                         std::string_view selection) {
  const std::vector<std::string> words = SplitWords(selection);
  Selected selected;
  for (const std::string& word : words) {
    CALVE_TRY(SelectWord(project, word, selected));
  }
  std::vector<const Model*> models;
  for (const Model& model : project.models) {
    if (words.empty() || selected.contains(&model)) {
      models.push_back(&model);
    }
  }
  return models;
}

}  // namespace calve::contract
