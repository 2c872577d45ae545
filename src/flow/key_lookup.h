#pragma once

/// \file flow/key_lookup.h
/// The stored rows of given keys: the one way that models look back into a table.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "io/object_store.h"
#include "model/key.h"
#include "table/catalog/catalog.h"
#include "table/scan/scan.h"

namespace calve::flow {

/// The distinct keys of a batch.
struct KeySet {
  std::vector<std::string> columns;
  std::unordered_set<model::RowKey> keys;
  /// The first key column's distinct values, ascending by Compare: what leaves out files.
  std::vector<table::Literal> first_values;
  /// Where that column is an integer and its values lie close enough: a bit for each
  /// value from `bits_from` on, so that most stored rows are passed over without being
  /// encoded.
  int64_t bits_from = 0;
  std::vector<bool> bits;

  /// Whether a key can begin with this value. Requires: `bits` is not empty.
  bool MayBeginWith(int64_t value) const {
    const auto at = static_cast<uint64_t>(value) - static_cast<uint64_t>(bits_from);
    return at < bits.size() && bits[at];
  }
};

/// Collects the keys of a batch. \param encoded  EncodeKeys of the same batch and columns
Result<KeySet> MakeKeySet(const arrow::RecordBatch& batch,
                          std::vector<std::string> columns,
                          const std::vector<model::RowKey>& encoded);

/// Rows that were found.
struct FoundRows {
  const table::ScanTask* task;  // the file they lie in; valid during the call
  std::shared_ptr<arrow::RecordBatch> rows;  // the columns asked for
  std::vector<model::RowKey> keys;           // by row
  std::vector<int64_t> positions;            // in the file, by row, ascending
};
using VisitRows = std::function<Status(const FoundRows&)>;

/// Finds stored rows by key. Implementations differ in cost only.
class KeyLookup {
 public:
  KeyLookup() = default;
  KeyLookup(const KeyLookup&) = delete;
  KeyLookup& operator=(const KeyLookup&) = delete;
  virtual ~KeyLookup() = default;

  /// Calls `visit` with every live row of the table's current snapshot whose key is in
  /// `keys`, each once, some rows of one file at a time. \param columns  to read besides
  /// the key; names of the table
  virtual Status Find(const table::LoadedTable& table, const KeySet& keys,
                      const std::vector<std::string>& columns,
                      const VisitRows& visit) = 0;
};

/// Scans the key columns of the files that may hold a key. Cost: O(rows of those files).
class ScanKeyLookup final : public KeyLookup {
 public:
  /// \param store  outlives the lookup
  explicit ScanKeyLookup(io::ObjectStore& store) : store_(store) {}

  Status Find(const table::LoadedTable& table, const KeySet& keys,
              const std::vector<std::string>& columns, const VisitRows& visit) override;

 private:
  Status FindInFile(const table::ScanTask& task, const KeySet& keys,
                    const table::ReadOptions& options, const VisitRows& visit);

  io::ObjectStore& store_;  // Outlives this lookup.
};

/// The table's columns with these names, in this order; kContractViolation if one is
/// missing.
Result<table::Schema> Projection(const table::LoadedTable& table,
                                 const std::vector<std::string>& columns);

}  // namespace calve::flow
