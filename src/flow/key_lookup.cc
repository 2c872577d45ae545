#include "flow/key_lookup.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "flow/model_table.h"

namespace calve::flow {
namespace {

using table::Literal;

template <typename ArrayType, typename Value>
std::vector<Literal> DistinctValues(const arrow::Array& array) {
  const auto& typed = static_cast<const ArrayType&>(array);
  std::vector<Value> values;
  values.reserve(static_cast<size_t>(array.length()));
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsValid(i)) {
      values.push_back(Value(typed.GetView(i)));
    }
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return {values.begin(), values.end()};
}

/// Distinct values of a column, ascending; empty for types that do not leave out files.
std::vector<Literal> DistinctLiterals(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::INT32:
      return DistinctValues<arrow::Int32Array, int32_t>(array);
    case arrow::Type::INT64:
      return DistinctValues<arrow::Int64Array, int64_t>(array);
    case arrow::Type::DATE32:
      return DistinctValues<arrow::Date32Array, int32_t>(array);
    case arrow::Type::TIMESTAMP:
      return DistinctValues<arrow::TimestampArray, int64_t>(array);
    case arrow::Type::STRING:
      return DistinctValues<arrow::StringArray, std::string>(array);
    default:
      return {};
  }
}

/// More bits than this (8 MiB) would cost more than they save.
constexpr uint64_t kMaxBits = uint64_t{1} << 26;

/// Sets the bits of integer values.
void SetBits(KeySet& keys) {
  std::vector<int64_t> values;
  values.reserve(keys.first_values.size());
  for (const Literal& literal : keys.first_values) {
    if (const auto* narrow = std::get_if<int32_t>(&literal)) {
      values.push_back(*narrow);
    } else if (const auto* wide = std::get_if<int64_t>(&literal)) {
      values.push_back(*wide);
    } else {
      return;
    }
  }
  if (values.empty()) {
    return;
  }
  const uint64_t span =
      static_cast<uint64_t>(values.back()) - static_cast<uint64_t>(values.front());
  if (span >= kMaxBits) {
    return;
  }
  keys.bits_from = values.front();
  keys.bits.resize(span + 1);
  for (const int64_t value : values) {
    keys.bits[static_cast<uint64_t>(value) - static_cast<uint64_t>(values.front())] =
        true;
  }
}

template <typename ArrayType>
std::vector<int64_t> RowsByBits(const arrow::Array& column, const KeySet& keys) {
  const auto& values = static_cast<const ArrayType&>(column);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsValid(i) && keys.MayBeginWith(values.Value(i))) {
      rows.push_back(i);
    }
  }
  return rows;
}

/// Rows whose key may be wanted, ascending.
std::vector<int64_t> CandidateRows(const arrow::RecordBatch& batch, const KeySet& keys) {
  const arrow::Array& first = *batch.column(0);
  if (!keys.bits.empty() && first.type_id() == arrow::Type::INT32) {
    return RowsByBits<arrow::Int32Array>(first, keys);
  }
  if (!keys.bits.empty() && first.type_id() == arrow::Type::INT64) {
    return RowsByBits<arrow::Int64Array>(first, keys);
  }
  std::vector<int64_t> rows(static_cast<size_t>(batch.num_rows()));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}

/// Keeps the rows whose key is wanted. Requires: the batch's first column is the key's
/// first.
Result<FoundRows> Matching(const table::ScanTask& task,
                           const std::shared_ptr<arrow::RecordBatch>& batch,
                           const KeySet& keys) {
  FoundRows found{.task = &task, .rows = nullptr, .keys = {}, .positions = {}};
  const std::vector<int64_t> candidate_rows = CandidateRows(*batch, keys);
  if (candidate_rows.empty()) {
    return found;
  }
  CALVE_ASSIGN(const auto candidates, TakeRows(batch, candidate_rows));
  CALVE_ASSIGN(auto encoded, model::EncodeKeys(*candidates, keys.columns));
  CALVE_ASSIGN(const auto position_column, ColumnOf(*candidates, "_pos"));
  const auto& positions = static_cast<const arrow::Int64Array&>(*position_column);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < candidates->num_rows(); ++i) {
    auto& key = encoded[static_cast<size_t>(i)];
    if (keys.keys.contains(key)) {
      rows.push_back(i);
      found.keys.push_back(std::move(key));
      found.positions.push_back(positions.Value(i));
    }
  }
  if (!rows.empty()) {
    CALVE_ASSIGN(found.rows, TakeRows(candidates, rows));
  }
  return found;
}

}  // namespace

Result<KeySet> MakeKeySet(const arrow::RecordBatch& batch,
                          std::vector<std::string> columns,
                          const std::vector<model::RowKey>& encoded) {
  CALVE_ASSIGN(const auto first, ColumnOf(batch, columns.front()));
  KeySet keys{.columns = std::move(columns),
              .keys = {encoded.begin(), encoded.end()},
              .first_values = DistinctLiterals(*first),
              .bits_from = 0,
              .bits = {}};
  SetBits(keys);
  return keys;
}

Result<table::Schema> Projection(const table::LoadedTable& table,
                                 const std::vector<std::string>& columns) {
  table::Schema projection;
  for (const std::string& name : columns) {
    const table::Field* field = table.metadata.schema().Find(name);
    if (field == nullptr) {
      return Error{ErrorKind::kContractViolation,
                   "table " + table.name.text() + " lacks column " + name};
    }
    if (projection.Find(name) == nullptr) {
      projection.fields.push_back(*field);
    }
  }
  return projection;
}

Status ScanKeyLookup::Find(const table::LoadedTable& table, const KeySet& keys,
                           const std::vector<std::string>& columns,
                           const VisitRows& visit) {
  const table::Snapshot* snapshot = table.metadata.current_snapshot();
  if (snapshot == nullptr || keys.keys.empty()) {
    return {};
  }
  std::vector<std::string> wanted = keys.columns;
  wanted.insert(wanted.end(), columns.begin(), columns.end());
  CALVE_ASSIGN(table::Schema projection, Projection(table, wanted));
  std::vector<table::ColumnFilter> filters;
  if (!keys.first_values.empty()) {
    filters.push_back({.column = projection.fields.front().id,
                       .lower = keys.first_values.front(),
                       .upper = keys.first_values.back(),
                       .values = keys.first_values});
  }
  CALVE_ASSIGN(const auto tasks,
               table::PlanScan(store_, table.metadata, *snapshot, filters));
  for (table::ColumnFilter& filter : filters) {
    filter.values
        .clear();  // Row groups are left out by the bounds; each file copies these.
  }
  const table::ReadOptions options{.projection = std::move(projection),
                                   .filters = std::move(filters),
                                   .with_position = true,
                                   .positions = std::nullopt};
  for (const table::ScanTask& task : tasks) {
    CALVE_TRY(FindInFile(task, keys, options, visit));
  }
  return {};
}

Status ScanKeyLookup::FindInFile(const table::ScanTask& task, const KeySet& keys,
                                 const table::ReadOptions& options,
                                 const VisitRows& visit) {
  CALVE_ASSIGN(const auto reader, table::ReadFile(store_, task, options));
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return {};
    }
    CALVE_ASSIGN(const FoundRows found, Matching(task, batch, keys));
    if (found.rows != nullptr) {
      CALVE_TRY(visit(found));
    }
  }
}

}  // namespace calve::flow
