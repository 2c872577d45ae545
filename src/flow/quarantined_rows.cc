#include "flow/quarantined_rows.h"

#include <algorithm>
#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/event.h"
#include "flow/model_table.h"
#include "flow/quarantine.h"
#include "flow/row_removal.h"
#include "flow/stored_events.h"
#include "table/commit/table_update.h"

namespace calve::flow {
namespace {

/// A whole event may be large: few of them at once.
constexpr int64_t kBatchRows = 512;

/// What the filter looks at, and then the columns asked for.
Result<table::Schema> QuarantineProjection(const table::LoadedTable& quarantine,
                                           const std::vector<std::string>& columns) {
  std::vector<std::string> names{kRule, EventIdName(), kDiscardedAt};
  names.insert(names.end(), columns.begin(), columns.end());
  CALVE_ASSIGN(const table::Schema wanted, SchemaOf(*QuarantineSchema()));
  table::Schema projection;
  int32_t unused_id = quarantine.metadata.last_column_id;
  for (const std::string& name : names) {
    if (projection.Find(name) != nullptr) {
      continue;
    }
    if (const table::Field* field = quarantine.metadata.schema().Find(name)) {
      projection.fields.push_back(*field);
    } else if (const table::Field* later = wanted.Find(name)) {
      projection.fields.push_back(*later);  // Null in a table of an earlier version.
      projection.fields.back().id = {++unused_id};
    } else {
      return Error{ErrorKind::kInternal, "quarantine tables have no column " + name};
    }
  }
  return projection;
}

/// The filter's ids, ascending, as a condition that leaves out files.
std::vector<table::ColumnFilter> IdFilters(const table::Schema& projection,
                                           const std::vector<int64_t>& ids) {
  if (ids.empty()) {
    return {};
  }
  std::vector<int64_t> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return {{.column = projection.Find(EventIdName())->id,
           .lower = table::Literal(sorted.front()),
           .upper = table::Literal(sorted.back()),
           .values = {sorted.begin(), sorted.end()}}};
}

/// The rows of a batch that the filter lets pass.
Result<std::vector<int64_t>> PassingRows(const arrow::RecordBatch& batch,
                                         const QuarantineFilter& filter) {
  CALVE_ASSIGN(const auto rule_column, ColumnOf(batch, kRule));
  CALVE_ASSIGN(const auto id_column, ColumnOf(batch, EventIdName()));
  CALVE_ASSIGN(const auto discarded, ColumnOf(batch, kDiscardedAt));
  const auto& rules = static_cast<const arrow::StringArray&>(*rule_column);
  const auto& ids = static_cast<const arrow::Int64Array&>(*id_column);
  const auto& wanted = filter.event_ids;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < batch.num_rows(); ++i) {
    const bool is_open = discarded->IsNull(i);
    const bool state_fits = filter.state == QuarantineState::kAny ||
                            is_open == (filter.state == QuarantineState::kOpen);
    const bool rule_fits = filter.rule.empty() || rules.GetView(i) == filter.rule;
    const bool id_fits =
        wanted.empty() || (ids.IsValid(i) && std::find(wanted.begin(), wanted.end(),
                                                       ids.Value(i)) != wanted.end());
    if (state_fits && rule_fits && id_fits) {
      rows.push_back(i);
    }
  }
  return rows;
}

/// The passing rows of a batch, with the columns asked for.
Result<QuarantinedRows> Passing(const table::ScanTask& task,
                                const std::shared_ptr<arrow::RecordBatch>& batch,
                                const QuarantineFilter& filter,
                                const std::vector<std::string>& columns) {
  QuarantinedRows passing{.task = &task, .rows = nullptr, .positions = {}};
  CALVE_ASSIGN(const std::vector<int64_t> rows, PassingRows(*batch, filter));
  CALVE_ASSIGN(const auto taken, TakeRows(batch, rows));
  CALVE_ASSIGN(const auto position_column, ColumnOf(*taken, "_pos"));
  const auto& positions = static_cast<const arrow::Int64Array&>(*position_column);
  passing.positions.assign(positions.raw_values(),
                           positions.raw_values() + positions.length());
  arrow::ArrayVector arrays;
  arrow::FieldVector fields;
  for (const std::string& name : columns) {
    CALVE_ASSIGN(arrays.emplace_back(), ColumnOf(*taken, name));
    fields.push_back(QuarantineSchema()->GetFieldByName(name));
  }
  passing.rows = arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                          taken->num_rows(), std::move(arrays));
  return passing;
}

}  // namespace

Result<std::vector<table::LoadedTable>> QuarantineTables(const Pipeline& pipeline,
                                                         const QuarantineFilter& filter) {
  CALVE_ASSIGN(const auto names, pipeline.catalog->ListTables());
  std::vector<table::LoadedTable> tables;
  for (const table::TableName& name : names) {
    const bool wanted =
        filter.models.empty() || std::find(filter.models.begin(), filter.models.end(),
                                           name.name) != filter.models.end();
    if (name.name_space == kQuarantineNamespace && wanted) {
      CALVE_ASSIGN(tables.emplace_back(),
                   table::LoadTable(*pipeline.store, *pipeline.catalog, name));
    }
  }
  return tables;
}

Status VisitRowsOf(io::ObjectStore& store, const table::LoadedTable& quarantine,
                   const QuarantineFilter& filter,
                   const std::vector<std::string>& columns,
                   const VisitQuarantined& visit) {
  const table::Snapshot* snapshot = quarantine.metadata.current_snapshot();
  if (snapshot == nullptr) {
    return {};
  }
  CALVE_ASSIGN(const table::Schema projection, QuarantineProjection(quarantine, columns));
  const auto filters = IdFilters(projection, filter.event_ids);
  CALVE_ASSIGN(const auto tasks,
               table::PlanScan(store, quarantine.metadata, *snapshot, filters));
  for (const table::ScanTask& task : tasks) {
    CALVE_ASSIGN(const auto reader, table::ReadFile(store, task,
                                                    {.projection = projection,
                                                     .filters = filters,
                                                     .with_position = true,
                                                     .positions = std::nullopt,
                                                     .batch_rows = kBatchRows}));
    while (true) {
      CALVE_ASSIGN(const auto batch, reader->Next());
      if (batch == nullptr) {
        break;
      }
      CALVE_ASSIGN(const QuarantinedRows rows, Passing(task, batch, filter, columns));
      if (rows.rows->num_rows() == 0) {
        continue;
      }
      CALVE_ASSIGN(const bool go_on, visit(rows));
      if (!go_on) {
        return {};
      }
    }
  }
  return {};
}

Status CheckIdsKnown(io::ObjectStore& store,
                     const std::vector<table::LoadedTable>& tables,
                     const QuarantineFilter& filter) {
  QuarantineFilter any = filter;
  any.state = QuarantineState::kAny;
  std::set<int64_t> missing(filter.event_ids.begin(), filter.event_ids.end());
  const auto tick_off = [&](const QuarantinedRows& found) -> Result<bool> {
    const auto& ids = static_cast<const arrow::Int64Array&>(*found.rows->column(0));
    for (int64_t i = 0; i < ids.length(); ++i) {
      missing.erase(ids.Value(i));
    }
    return !missing.empty();
  };
  for (const table::LoadedTable& table : tables) {
    if (!missing.empty()) {
      CALVE_TRY(VisitRowsOf(store, table, any, {EventIdName()}, tick_off));
    }
  }
  if (missing.empty()) {
    return {};
  }
  return Error{ErrorKind::kNotFound,
               fmt::format("not in quarantine: {}; `calve quarantine ls` shows what is, "
                           "nothing was done",
                           fmt::join(missing, ", "))};
}

Result<std::vector<table::DataFile>> RemoveOpenRows(const Pipeline& pipeline,
                                                    table::TableUpdate& update) {
  RowRemoval removal;
  const auto remove = [&](const QuarantinedRows& found) -> Result<bool> {
    for (const int64_t position : found.positions) {
      removal.Add(*found.task, position);
    }
    return true;
  };
  CALVE_TRY(VisitRowsOf(*pipeline.store, update.base(), {.state = QuarantineState::kOpen},
                        /*columns=*/{}, remove));
  table::FileChanges changes;
  if (removal.rows() > 0) {
    CALVE_TRY(removal.Write(WriteTargetOf(pipeline, update), changes));
  }
  std::vector<table::DataFile> written = changes.added_deletes;
  if (removal.rows() > 0) {
    CALVE_TRY(update.ChangeRows(std::move(changes)));
  }
  return written;
}

}  // namespace calve::flow
