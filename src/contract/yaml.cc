#include <fmt/format.h>

#include "contract/yaml_internal.h"

namespace calve::contract {

YamlAt YamlAt::operator[](std::string_view key) const {
  if (node.IsDefined() && node.IsMap()) {
    for (const auto& member : node) {
      if (member.first.IsScalar() && member.first.Scalar() == key) {
        return {member.second, file};
      }
    }
  }
  return {YAML::Node(YAML::NodeType::Undefined), file};
}

std::vector<YamlAt> YamlAt::Items() const {
  std::vector<YamlAt> items;
  if (node.IsDefined() && node.IsSequence()) {
    for (const auto& item : node) {
      items.push_back({item, file});
    }
  }
  return items;
}

std::vector<YamlAt> YamlAt::Keys() const {
  std::vector<YamlAt> keys;
  if (node.IsDefined() && node.IsMap()) {
    for (const auto& member : node) {
      keys.push_back({member.first, file});
    }
  }
  return keys;
}

std::string YamlAt::Text() const {
  return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
}

std::vector<std::string> YamlAt::Texts() const {
  std::vector<std::string> texts;
  if (node.IsDefined() && node.IsScalar()) {
    texts.push_back(node.Scalar());
  }
  for (const YamlAt& item : Items()) {
    texts.push_back(item.Text());
  }
  return texts;
}

bool YamlAt::IsTrue() const {
  bool value = false;
  return node.IsDefined() && node.IsScalar() &&
         YAML::convert<bool>::decode(node, value) && value;
}

Error ErrorAt(const std::string& file, int line, std::string_view message) {
  return {ErrorKind::kInvalidArgument, fmt::format("{}:{}: {}", file, line, message)};
}

Error ErrorAt(const YamlAt& at, std::string_view message) {
  return ErrorAt(*at.file, at.line(), message);
}

Result<YamlAt> LoadYaml(const std::string& file, const std::string& text) {
  try {
    return YamlAt{YAML::Load(text), &file};
  } catch (const YAML::Exception& problem) {
    return ErrorAt(file, problem.mark.line + 1,
                   fmt::format("not valid YAML ({}); correct the file", problem.msg));
  }
}

}  // namespace calve::contract
