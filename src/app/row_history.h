#pragma once

/// \file app/row_history.h
/// Every version of one key, from a table's rows.

#include <optional>
#include <string>
#include <vector>

#include "app/console/document.h"
#include "contract/contract.h"
#include "core/result.h"
#include "core/timestamp.h"
#include "flow/pipeline.h"

namespace calve::app {

/// Where the versions of a table's rows are found.
struct HistoryPlace {
  table::TableName table;
  std::vector<std::string> key_columns;
  bool is_history = false;  // has valid_from and valid_to
};

/// The place for a table that someone names: of a current or flattened model, the history
/// model with the same upstream; else the table itself, with its model's key (a dedupe
/// model's is audit_event_id). `marts.orders` and `orders` both name a model.
///
/// \param key_columns  if not empty, these of the named table itself
/// \return kInvalidArgument if the key's columns cannot be told
Result<HistoryPlace> FindHistory(const contract::Project& project,
                                 const std::string& name,
                                 const std::vector<std::string>& key_columns);

/// Reads the rows of a key, oldest first (by valid_from, else by audit_timestamp, then by
/// event id).
///
/// \param key  one text per key column
/// \param as_of  history: only the version that was valid then; else: the table as it was
///     then
/// \return the rows as a table; kInvalidArgument for a key of the wrong type; kNotFound
/// for
///         a missing table
Result<Table> ReadVersions(const flow::Pipeline& pipeline, const HistoryPlace& place,
                           const std::vector<std::string>& key,
                           std::optional<TimestampUs> as_of);

}  // namespace calve::app
