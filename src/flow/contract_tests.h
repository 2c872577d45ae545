#pragma once

/// \file flow/contract_tests.h
/// The tests of a contract, held against the tables as they are. Reads only.

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::flow {

struct ContractTest {
  std::string name;  // dbt's: `not_null_orders_order_id`
  std::string table;
  std::string rule;    // not_null, accepted_values, check, unique or relationships
  std::string column;  // empty for a check of several columns
  int64_t rows = 0;    // looked at
  /// Rows that break the rule; of unique: all rows whose value another row has, too.
  int64_t failures = 0;
  /// Up to five of them: `order_id=7` (of unique: the value).
  std::vector<std::string> examples;
  /// Why the test was not run: its table, or the one that it refers to, is not there, or
  /// dbt alone runs it.
  std::string skipped = {};

  bool passed() const { return failures == 0; }
};

/// Runs the tests of the selected models on their tables' current snapshots: one scan of
/// the tested columns of each table; unique and relationships scan their columns again,
/// by ValueScan, in bounded memory.
///
/// \param select  as contract::Select takes it
/// \return the tests by model, in the contract's order; kContractViolation, the named
/// halt
///         `contract_changed`, if a table does not have a tested column as the contract
///         says: a transform tells what to do
Result<std::vector<ContractTest>> TestContracts(const Pipeline& pipeline,
                                                const std::string& select,
                                                Progress& progress);

}  // namespace calve::flow
