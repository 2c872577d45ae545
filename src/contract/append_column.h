#pragma once

/// \file contract/append_column.h
/// Writes a new column into the text of a `schema.yml`, everything else as it is.

#include <string>
#include <vector>

#include "contract/contract.h"
#include "core/result.h"

namespace calve::contract {

/// A column to be written.
struct NewColumn {
  std::string name;
  ColumnType type;
  std::string description;
  std::string source_field;  // of the payload; used by flatten models alone
};

/// Appends columns to a flatten model and to the models made from it, wherever they lack
/// them: comments, order and formatting of all files are kept.
///
/// \param files    of a project that ParseProject takes
/// \param flatten  the model's name
/// \return the files that change, upstream before downstream. kUnsupported, with the
/// lines
///         to be added by hand, where a model's `columns` is not a list of one item a
///         line and below (`[{name: …}]`, an alias); kInvalidArgument if the project
///         would not be the former one and the columns (a name that is taken)
Result<std::vector<ProjectFile>> AppendColumns(const std::vector<ProjectFile>& files,
                                               const std::string& flatten,
                                               const std::vector<NewColumn>& columns);

}  // namespace calve::contract
