#include "flow/value_scan.h"

#include <algorithm>
#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "flow/key_lookup.h"
#include "flow/model_table.h"
#include "model/dedupe.h"
#include "model/key.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using model::Fingerprint;

/// A batch's values of one column that are not null, as hashes.
struct HashedValues {
  std::vector<int64_t> rows;
  std::vector<Fingerprint> hashes;
};

/// Integers of every width hash alike; floating-point numbers by their bits.
Result<HashedValues> HashValues(const arrow::RecordBatch& batch, int column) {
  std::shared_ptr<arrow::Array> values = batch.column(column);
  if (values->type_id() == arrow::Type::DOUBLE) {
    CALVE_ASSIGN(values, FromArrow(values->View(arrow::int64())));
  } else if (values->type_id() == arrow::Type::FLOAT) {
    CALVE_ASSIGN(values, FromArrow(values->View(arrow::int32())));
  }
  HashedValues hashed;
  for (int64_t row = 0; row < values->length(); ++row) {
    if (values->IsValid(row)) {
      hashed.rows.push_back(row);
    }
  }
  const auto alone =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("v", values->type())}),
                               values->length(), arrow::ArrayVector{values});
  CALVE_ASSIGN(const auto present, TakeRows(alone, hashed.rows));
  CALVE_ASSIGN(const auto keys, model::EncodeKeys(*present, {"v"}));
  hashed.hashes.reserve(keys.size());
  for (const model::RowKey& key : keys) {
    hashed.hashes.push_back(model::FingerprintOf(key));
  }
  return hashed;
}

/// How many parts the hashes' range is cut into, so that each fits in memory.
uint64_t PartsFor(int64_t rows, const ValueLimits& limits) {
  const int64_t bytes = rows * static_cast<int64_t>(sizeof(Fingerprint));
  return static_cast<uint64_t>(bytes / std::max<int64_t>(1, limits.memory_bytes)) + 1;
}

bool IsInPart(const Fingerprint& hash, uint64_t part, uint64_t parts) {
  return hash[0] % parts == part;
}

Result<int64_t> CountRows(io::ObjectStore& store, const table::LoadedTable& table) {
  const table::Snapshot* snapshot = table.metadata.current_snapshot();
  if (snapshot == nullptr) {
    return int64_t{0};
  }
  CALVE_ASSIGN(const auto tasks,
               table::PlanScan(store, table.metadata, *snapshot, /*filters=*/{}));
  int64_t rows = 0;
  for (const table::ScanTask& task : tasks) {
    rows += task.file.record_count;
  }
  return rows;
}

/// The hashes of one part, ascending, repeats too. \param rows  counted up if not null
Result<std::vector<Fingerprint>> SortedPart(io::ObjectStore& store, const ColumnAt& at,
                                            uint64_t part, uint64_t parts,
                                            int64_t* rows) {
  std::vector<Fingerprint> hashes;
  const auto gather = [&](const arrow::RecordBatch& batch) -> Status {
    CALVE_ASSIGN(const HashedValues values, HashValues(batch, 0));
    for (const Fingerprint& hash : values.hashes) {
      if (IsInPart(hash, part, parts)) {
        hashes.push_back(hash);
      }
    }
    if (rows != nullptr) {
      *rows += batch.num_rows();
    }
    return {};
  };
  CALVE_TRY(ScanColumns(store, at.table, {at.column}, gather));
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

/// The values of some hashes, as examples.
Status AddExamples(io::ObjectStore& store, const ColumnAt& at,
                   std::set<Fingerprint> wanted, std::vector<std::string>& examples) {
  if (wanted.empty()) {
    return {};
  }
  return ScanColumns(store, at.table, {at.column},
                     [&](const arrow::RecordBatch& batch) -> Status {
                       CALVE_ASSIGN(const HashedValues values, HashValues(batch, 0));
                       for (size_t i = 0; i < values.hashes.size(); ++i) {
                         if (wanted.erase(values.hashes[i]) > 0) {
                           CALVE_ASSIGN(examples.emplace_back(),
                                        RowLabel(batch, values.rows[i], {at.column}));
                         }
                       }
                       return {};
                     });
}

}  // namespace

Status ScanColumns(io::ObjectStore& store, const table::LoadedTable& table,
                   const std::vector<std::string>& columns,
                   const std::function<Status(const arrow::RecordBatch&)>& visit) {
  const table::Snapshot* snapshot = table.metadata.current_snapshot();
  if (snapshot == nullptr) {
    return {};
  }
  CALVE_ASSIGN(const table::Schema projection, Projection(table, columns));
  CALVE_ASSIGN(auto tasks,
               table::PlanScan(store, table.metadata, *snapshot, /*filters=*/{}));
  const auto reader = table::ReadTasks(store, std::move(tasks),
                                       {.projection = projection,
                                        .filters = {},
                                        .with_position = false,
                                        .positions = std::nullopt});
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return {};
    }
    CALVE_TRY(visit(*batch));
  }
}

Result<ValueFindings> FindRepeated(io::ObjectStore& store, const ColumnAt& at,
                                   const ValueLimits& limits) {
  ValueFindings found;
  CALVE_ASSIGN(const int64_t stored, CountRows(store, at.table));
  const uint64_t parts = PartsFor(stored, limits);
  std::set<Fingerprint> shown;
  for (uint64_t part = 0; part < parts; ++part) {
    CALVE_ASSIGN(const auto hashes,
                 SortedPart(store, at, part, parts, part == 0 ? &found.rows : nullptr));
    for (size_t begin = 0; begin < hashes.size();) {
      size_t end = begin + 1;
      while (end < hashes.size() && hashes[end] == hashes[begin]) {
        ++end;
      }
      if (end - begin > 1) {
        found.findings += static_cast<int64_t>(end - begin);
        if (shown.size() < limits.examples) {
          shown.insert(hashes[begin]);
        }
      }
      begin = end;
    }
  }
  CALVE_TRY(AddExamples(store, at, std::move(shown), found.examples));
  return found;
}

Result<ValueFindings> FindDangling(io::ObjectStore& store, const ColumnAt& from,
                                   const ColumnAt& to,
                                   const std::vector<std::string>& labels,
                                   const ValueLimits& limits) {
  ValueFindings found;
  CALVE_ASSIGN(const int64_t stored, CountRows(store, to.table));
  const uint64_t parts = PartsFor(stored, limits);
  std::vector<std::string> columns{from.column};
  for (const std::string& label : labels) {
    if (label != from.column) {
      columns.push_back(label);
    }
  }
  for (uint64_t part = 0; part < parts; ++part) {
    CALVE_ASSIGN(const auto known, SortedPart(store, to, part, parts, /*rows=*/nullptr));
    const auto look = [&](const arrow::RecordBatch& batch) -> Status {
      CALVE_ASSIGN(const HashedValues values, HashValues(batch, 0));
      found.rows += part == 0 ? batch.num_rows() : 0;
      for (size_t i = 0; i < values.hashes.size(); ++i) {
        const Fingerprint& hash = values.hashes[i];
        if (IsInPart(hash, part, parts) &&
            !std::binary_search(known.begin(), known.end(), hash)) {
          ++found.findings;
          if (found.examples.size() < limits.examples) {
            CALVE_ASSIGN(found.examples.emplace_back(),
                         RowLabel(batch, values.rows[i], labels));
          }
        }
      }
      return {};
    };
    CALVE_TRY(ScanColumns(store, from.table, columns, look));
  }
  return found;
}

Result<std::string> RowLabel(const arrow::RecordBatch& rows, int64_t row,
                             const std::vector<std::string>& columns) {
  std::string label;
  for (const std::string& name : columns) {
    CALVE_ASSIGN(const auto column, ColumnOf(rows, name));
    CALVE_ASSIGN(const auto value, FromArrow(column->GetScalar(row)));
    label += fmt::format("{}{}={}", label.empty() ? "" : ", ", name, value->ToString());
  }
  return label;
}

}  // namespace calve::flow
