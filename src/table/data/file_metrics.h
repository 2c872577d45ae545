#pragma once

/// \file table/data/file_metrics.h
/// A data file's figures, from the Parquet footer that was just written.

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include <arrow/type_fwd.h>

#include "table/manifest/data_file.h"
#include "table/schema/schema.h"

namespace parquet {
class FileMetaData;
}

namespace calve::table {

/// Fills record count, column sizes, value and null counts, bounds and split offsets.
/// Columns inside lists and maps get sizes and value counts only. May throw as Parquet
/// does.
///
/// \param full_bounds  columns of `schema` whose bounds are not truncated
void FillMetrics(const parquet::FileMetaData& footer, const Schema& schema,
                 const std::set<std::string>& full_bounds, DataFile& file);

/// Adds the NaNs of a batch's float and double columns to `counts`, by field id; each
/// such column gets an entry. Requires: the schema's columns in its order.
void CountNans(const arrow::RecordBatch& batch, const Schema& schema,
               std::map<int32_t, int64_t>& counts);

}  // namespace calve::table
