#include "flow/batch_cutter.h"

#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "core/arrow_status.h"

namespace calve::flow {

BatchCutter::BatchCutter(std::unique_ptr<table::BatchReader> reader, int64_t batch_bytes)
    : reader_(std::move(reader)), batch_bytes_(batch_bytes) {}

Status BatchCutter::ReadAhead() {
  while (!done_ && ahead_ == nullptr) {
    CALVE_ASSIGN(ahead_, reader_->Next());
    done_ = ahead_ == nullptr;
    if (ahead_ != nullptr && ahead_->num_rows() == 0) {
      ahead_.reset();
    }
  }
  return {};
}

Result<bool> BatchCutter::AtEnd() {
  CALVE_TRY(ReadAhead());
  return ahead_ == nullptr;
}

Result<std::shared_ptr<arrow::RecordBatch>> BatchCutter::Next() {
  std::vector<std::shared_ptr<arrow::RecordBatch>> parts;
  int64_t bytes = 0;
  while (bytes < batch_bytes_) {
    CALVE_TRY(ReadAhead());
    if (ahead_ == nullptr) {
      break;
    }
    CALVE_ASSIGN(const int64_t part_bytes,
                 FromArrow(arrow::util::ReferencedBufferSize(*ahead_)));
    if (!parts.empty() && bytes + part_bytes > batch_bytes_) {
      break;
    }
    bytes += part_bytes;
    parts.push_back(std::move(ahead_));
  }
  if (parts.empty()) {
    return std::shared_ptr<arrow::RecordBatch>{};
  }
  return FromArrow(parts.size() == 1 ? arrow::Result(std::move(parts.front()))
                                     : arrow::ConcatenateRecordBatches(parts));
}

}  // namespace calve::flow
