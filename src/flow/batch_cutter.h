#pragma once

/// \file flow/batch_cutter.h
/// Gathers a reader's batches into larger ones, cut by bytes.

#include <cstdint>
#include <memory>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "table/scan/scan.h"

namespace calve::flow {

/// Cuts a stream of rows into batches of about `batch_bytes` (at least one of the
/// reader's). Not thread-safe.
class BatchCutter {
 public:
  BatchCutter(std::unique_ptr<table::BatchReader> reader, int64_t batch_bytes);

  /// The next batch; null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

  /// Whether Next() would give null. Reads ahead by one of the reader's batches.
  Result<bool> AtEnd();

 private:
  Status ReadAhead();

  std::unique_ptr<table::BatchReader> reader_;
  int64_t batch_bytes_;
  std::shared_ptr<arrow::RecordBatch> ahead_;
  bool done_ = false;
};

}  // namespace calve::flow
