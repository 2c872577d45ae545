#pragma once

/// \file contract/column_yml_internal.h
/// One entry of a model's `columns:`.

#include <string>

#include "contract/contract.h"
#include "contract/yaml_internal.h"

namespace calve::contract {

/// Reads a column. \param model  named in errors
Result<Column> ReadColumn(const YamlAt& entry, const std::string& model);

/// The names of a model's own tests, all of which are left to dbt.
std::vector<std::string> ReadModelTests(const YamlAt& entry);

/// The `check` constraints of a column or a model. \param owner  named in errors
Result<std::vector<Check>> ReadChecks(const YamlAt& entry, const std::string& owner);

/// The entry's `meta.calve`: below `config`, or the older place beside it.
YamlAt CalveMeta(const YamlAt& entry);

/// kInvalidArgument if `calve` has a key that is not among `valid`, or one twice; names
/// the nearest valid one.
Status CheckCalveKeys(const YamlAt& calve, const std::vector<std::string>& valid,
                      const std::string& owner);

}  // namespace calve::contract
