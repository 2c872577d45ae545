#include "flow/stored_events.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/event.h"
#include "flow/model_table.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

Result<std::shared_ptr<arrow::Int64Array>> IdsOf(const arrow::RecordBatch& batch) {
  CALVE_ASSIGN(const auto column, ColumnOf(batch, EventIdName()));
  return std::static_pointer_cast<arrow::Int64Array>(column);
}

std::vector<int64_t> SortedIds(const arrow::Int64Array& ids) {
  std::vector<int64_t> sorted;
  sorted.reserve(static_cast<size_t>(ids.length()));
  for (int64_t i = 0; i < ids.length(); ++i) {
    if (ids.IsValid(i)) {
      sorted.push_back(ids.Value(i));
    }
  }
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

/// A file and the positions of its rows whose event is in the batch.
using VisitHits =
    std::function<Status(const table::ScanTask&, std::vector<int64_t> positions,
                         const std::vector<int64_t>& ids)>;

/// Reads the ids of one file; positions and ids of those that are in `wanted`
/// (ascending).
Result<std::pair<std::vector<int64_t>, std::vector<int64_t>>> HitsIn(
    io::ObjectStore& store, const table::ScanTask& task,
    const table::ReadOptions& options, const std::vector<int64_t>& wanted) {
  std::pair<std::vector<int64_t>, std::vector<int64_t>> hits;
  CALVE_ASSIGN(const auto reader, table::ReadFile(store, task, options));
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return hits;
    }
    const auto& ids = static_cast<const arrow::Int64Array&>(*batch->column(0));
    const auto& positions =
        static_cast<const arrow::Int64Array&>(*batch->column(batch->num_columns() - 1));
    for (int64_t i = 0; i < ids.length(); ++i) {
      if (ids.IsValid(i) &&
          std::binary_search(wanted.begin(), wanted.end(), ids.Value(i))) {
        hits.first.push_back(positions.Value(i));
        hits.second.push_back(ids.Value(i));
      }
    }
  }
}

Status VisitStored(io::ObjectStore& store, const table::LoadedTable& table,
                   const arrow::RecordBatch& batch, const VisitHits& visit) {
  const table::Snapshot* snapshot = table.metadata.current_snapshot();
  const table::Field* column = table.metadata.schema().Find(EventIdName());
  CALVE_ASSIGN(const auto batch_ids, IdsOf(batch));
  const std::vector<int64_t> wanted = SortedIds(*batch_ids);
  if (snapshot == nullptr || column == nullptr || wanted.empty()) {
    return {};
  }
  const std::vector<table::ColumnFilter> filters{
      {.column = column->id,
       .lower = table::Literal(wanted.front()),
       .upper = table::Literal(wanted.back()),
       .values = std::vector<table::Literal>(wanted.begin(), wanted.end())}};
  CALVE_ASSIGN(const auto tasks,
               table::PlanScan(store, table.metadata, *snapshot, filters));
  const table::ReadOptions options{
      .projection = {.schema_id = 0, .fields = {*column}, .identifier_field_ids = {}},
      .filters = filters,
      .with_position = true,
      .positions = std::nullopt};
  for (const table::ScanTask& task : tasks) {
    CALVE_ASSIGN(auto hits, HitsIn(store, task, options, wanted));
    if (!hits.first.empty()) {
      CALVE_TRY(visit(task, std::move(hits.first), hits.second));
    }
  }
  return {};
}

}  // namespace

const std::string& EventIdName() {
  static const std::string name = LandedEventSchema()->field(kEventIdColumn)->name();
  return name;
}

Result<table::Schema> EventColumns(const table::LoadedTable& table) {
  table::Schema projection;
  for (const auto& field : LandedEventSchema()->fields()) {
    const table::Field* column = table.metadata.schema().Find(field->name());
    if (column == nullptr) {
      return Error{ErrorKind::kContractViolation,
                   "table " + table.name.text() + " lacks column " + field->name()};
    }
    projection.fields.push_back(*column);
  }
  return projection;
}

Result<std::unordered_set<int64_t>> FindStoredIds(io::ObjectStore& store,
                                                  const table::LoadedTable& table,
                                                  const arrow::RecordBatch& batch) {
  std::unordered_set<int64_t> stored;
  CALVE_TRY(VisitStored(store, table, batch,
                        [&](const table::ScanTask&, std::vector<int64_t>,
                            const std::vector<int64_t>& ids) -> Status {
                          stored.insert(ids.begin(), ids.end());
                          return {};
                        }));
  return stored;
}

Result<StoredPrints> FindStoredPrints(io::ObjectStore& store,
                                      const table::LoadedTable& table,
                                      const arrow::RecordBatch& batch) {
  StoredPrints stored;
  CALVE_ASSIGN(const table::Schema projection, EventColumns(table));
  const auto visit = [&](const table::ScanTask& task, std::vector<int64_t> positions,
                         const std::vector<int64_t>&) -> Status {
    table::ReadOptions options{.projection = projection,
                               .filters = {},
                               .with_position = false,
                               .positions = std::move(positions)};
    CALVE_ASSIGN(const auto reader, table::ReadFile(store, task, std::move(options)));
    while (true) {
      CALVE_ASSIGN(const auto rows, reader->Next());
      if (rows == nullptr) {
        return {};
      }
      const auto prints = model::Fingerprints(*rows);
      const auto& ids =
          static_cast<const arrow::Int64Array&>(*rows->column(kEventIdColumn));
      for (int64_t i = 0; i < ids.length(); ++i) {
        stored[ids.Value(i)].insert(prints[static_cast<size_t>(i)]);
      }
    }
  };
  CALVE_TRY(VisitStored(store, table, batch, visit));
  return stored;
}

}  // namespace calve::flow
