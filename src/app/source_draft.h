#pragma once

/// \file app/source_draft.h
/// From what PostgreSQL says of a table to the draft of its contract.

#include <string>
#include <vector>

#include "capture/table_shape.h"
#include "contract/add_table.h"
#include "core/result.h"

namespace calve::app {

/// A table's draft.
struct SourceDraft {
  contract::DraftTable table;
  /// Columns that no path of `schema.yml` can name: they stay propagated.
  std::vector<std::string> left_out;
};

/// Drafts the contract of a table. A column keeps its name in lower case where that is a
/// plain one that tables don't use themselves, else it gets the name that a propagated
/// column would have.
///
/// \param key  columns of the source; empty: its primary key
/// \return kInvalidArgument, with the remedy, if the table can't be captured, has no key,
///         or not these columns
Result<SourceDraft> DraftContract(const capture::TableShape& shape,
                                  const std::vector<std::string>& key);

}  // namespace calve::app
