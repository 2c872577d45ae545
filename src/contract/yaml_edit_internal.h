#pragma once

/// \file contract/yaml_edit_internal.h
/// Writing into the text of a `schema.yml`: scalars, and new entries of lists.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/contract.h"
#include "contract/yaml_internal.h"

namespace calve::contract {

/// A text as a YAML scalar between double quotes.
std::string Quoted(std::string_view text);

/// The path that names a member, `$['Sum']`; nothing if no path can.
std::optional<std::string> PathOf(std::string_view member);

/// A column's name as a YAML scalar: some plain words are booleans or nulls.
std::string NameScalar(const std::string& name);

/// The text with an entry more behind the last of a list, comments and all else as they
/// are.
///
/// \param list   a list within `text`, parsed
/// \param entry  its lines, without the dash, indentation and ends
/// \param apart  whether a blank line goes before it
/// \return nullopt if the list is not written one item a line and below
std::optional<std::string> AppendItem(const std::string& text, const YamlAt& list,
                                      const std::vector<std::string>& entry, bool apart);

/// Whether two models say the same, wherever they stand in the file.
bool SameModel(const Model& a, const Model& b);

}  // namespace calve::contract
