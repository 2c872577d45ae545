#pragma once

/// \file contract/yaml_internal.h
/// Reading of YAML nodes without exceptions, and errors that say where they stand.

#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "core/result.h"

namespace calve::contract {

/// A node of a file; undefined where the file does not have it.
struct YamlAt {
  // Const, for assigning a YAML::Node changes the document: nodes are only ever copied.
  const YAML::Node node;
  const std::string* file = nullptr;  // Outlives this object.

  bool defined() const { return node.IsDefined() && !node.IsNull(); }
  /// Counted from 1.
  int line() const { return node.IsDefined() ? node.Mark().line + 1 : 0; }

  /// The member `key`; undefined if there is none or this is no mapping.
  YamlAt operator[](std::string_view key) const;
  /// The items of a list; none if this is no list.
  std::vector<YamlAt> Items() const;
  /// The names of a mapping's members; none if this is no mapping.
  std::vector<YamlAt> Keys() const;
  /// A scalar's text; empty for anything else.
  std::string Text() const;
  /// The texts of a list of scalars, or of one scalar.
  std::vector<std::string> Texts() const;
  /// Whether this is a scalar that YAML 1.1 reads as true.
  bool IsTrue() const;
};

/// kInvalidArgument: `<file>:<line>: <message>`.
Error ErrorAt(const std::string& file, int line, std::string_view message);
Error ErrorAt(const YamlAt& at, std::string_view message);

/// Parses one document. kInvalidArgument if the text is no YAML.
Result<YamlAt> LoadYaml(const std::string& file, const std::string& text);

}  // namespace calve::contract
