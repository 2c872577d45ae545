#pragma once

/// \file flow/quarantined_rows.h
/// Reads what lies in the quarantine tables.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "flow/pipeline.h"
#include "table/catalog/catalog.h"
#include "table/commit/table_update.h"
#include "table/scan/scan.h"

namespace calve::flow {

enum class QuarantineState { kAny, kOpen, kDiscarded };

/// Which rows of which quarantine tables. Conditions that are empty let all pass.
struct QuarantineFilter {
  std::vector<std::string> models = {};  // by name
  std::string rule = {};
  std::vector<int64_t> event_ids = {};
  QuarantineState state = QuarantineState::kAny;
};

/// The quarantine tables that there are and that the filter's models name, by name; also
/// those of models that the project has no more.
Result<std::vector<table::LoadedTable>> QuarantineTables(const Pipeline& pipeline,
                                                         const QuarantineFilter& filter);

/// Some rows of one file.
struct QuarantinedRows {
  const table::ScanTask* task;               // valid during the call
  std::shared_ptr<arrow::RecordBatch> rows;  // the columns asked for
  std::vector<int64_t> positions;            // in the file, by row, ascending
};
/// \return whether to go on
using VisitQuarantined = std::function<Result<bool>(const QuarantinedRows&)>;

/// Calls `visit` with the rows of a quarantine table that the filter lets pass.
///
/// \param columns  of QuarantineSchema(), by name
/// Cost: reads the columns of the filter and those asked for; memory: few of the rows.
Status VisitRowsOf(io::ObjectStore& store, const table::LoadedTable& quarantine,
                   const QuarantineFilter& filter,
                   const std::vector<std::string>& columns,
                   const VisitQuarantined& visit);

/// Refuses an id of the filter that none of the tables has, open or discarded.
/// \return kNotFound naming the ids
Status CheckIdsKnown(io::ObjectStore& store,
                     const std::vector<table::LoadedTable>& tables,
                     const QuarantineFilter& filter);

/// Takes all open rows out of the quarantine table that `update` makes.
/// \return the files written
Result<std::vector<table::DataFile>> RemoveOpenRows(const Pipeline& pipeline,
                                                    table::TableUpdate& update);

}  // namespace calve::flow
