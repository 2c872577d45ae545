#include "table/scan/row_selection.h"

#include <algorithm>
#include <span>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include "core/arrow_status.h"

namespace calve::table {
namespace {

/// The positions that lie in `rows` rows from `first_row`.
std::span<const int64_t> Within(const std::vector<int64_t>& positions, int64_t first_row,
                                int64_t rows) {
  const auto begin = std::ranges::lower_bound(positions, first_row);
  const auto end = std::lower_bound(begin, positions.end(), first_row + rows);
  return {begin, end};
}

}  // namespace

bool RowSelection::IsUnwanted(int64_t first_row, int64_t rows) const {
  return wanted_ && Within(*wanted_, first_row, rows).empty();
}

Result<std::shared_ptr<arrow::RecordBatch>> RowSelection::Apply(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t first_row) const {
  const int64_t rows = batch->num_rows();
  const auto deleted = Within(deleted_, first_row, rows);
  if (!wanted_ && deleted.empty()) {
    return batch;
  }
  CALVE_ASSIGN(const auto bitmap, calve::FromArrow(arrow::AllocateEmptyBitmap(rows)));
  uint8_t* bits = bitmap->mutable_data();
  if (wanted_) {
    for (const int64_t position : Within(*wanted_, first_row, rows)) {
      arrow::bit_util::SetBit(bits, position - first_row);
    }
  } else {
    arrow::bit_util::SetBitsTo(bits, 0, rows, /*bits_are_set=*/true);
  }
  for (const int64_t position : deleted) {
    arrow::bit_util::ClearBit(bits, position - first_row);
  }
  const auto mask = std::make_shared<arrow::BooleanArray>(rows, bitmap);
  CALVE_ASSIGN(const arrow::Datum selected,
               calve::FromArrow(arrow::compute::Filter(batch, mask)));
  return selected.record_batch();
}

}  // namespace calve::table
