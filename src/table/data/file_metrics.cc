#include "table/data/file_metrics.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <parquet/metadata.h>

#include "table/data/bounds_truncation.h"
#include "table/data/parquet_literal.h"

namespace calve::table {
namespace {

bool IsFloating(const Type& type) {
  return type.id == TypeId::kFloat || type.id == TypeId::kDouble;
}

/// A column that bounds are kept for.
struct BoundedColumn {
  Type type;
  bool full_bounds = false;
};

using BoundedColumns = std::unordered_map<int32_t, BoundedColumn>;

/// Gathers the primitive columns that are not inside a list or a map.
void Gather(const std::vector<Field>& fields, const std::set<std::string>& full_bounds,
            BoundedColumns& out) {
  for (const Field& field : fields) {
    if (field.type.id == TypeId::kStruct) {
      Gather(field.type.children, /*full_bounds=*/{}, out);
    } else if (!field.type.is_nested()) {
      out.emplace(field.id.value,
                  BoundedColumn{.type = field.type,
                                .full_bounds = full_bounds.contains(field.name)});
    }
  }
}

/// Bounds of a column over the row groups seen so far.
class ColumnBounds {
 public:
  void Add(const ChunkBounds& chunk, const Type& type, int64_t values) {
    const bool all_null = chunk.null_count == values;
    if (chunk.lower && chunk.upper) {
      if (!lower_ || Compare(*chunk.lower, *lower_) < 0) {
        lower_ = chunk.lower;
      }
      if (!upper_ || Compare(*chunk.upper, *upper_) > 0) {
        upper_ = chunk.upper;
      }
    } else if (!all_null && !IsFloating(type)) {
      known_ = false;  // Too long for Parquet to keep. (Floats: all of them are NaN.)
    }
  }

  void Fill(int32_t id, const BoundedColumn& column, DataFile& file) const {
    if (!known_ || !lower_) {
      return;
    }
    const bool truncate = !column.full_bounds && (column.type.id == TypeId::kString ||
                                                  column.type.id == TypeId::kBinary);
    if (!truncate) {
      file.lower_bounds[id] = EncodeLiteral(column.type, *lower_);
      file.upper_bounds[id] = EncodeLiteral(column.type, *upper_);
      return;
    }
    file.lower_bounds[id] = TruncateLowerBound(
        column.type, std::get<std::string>(*lower_), kTruncatedBoundLength);
    if (auto upper = TruncateUpperBound(column.type, std::get<std::string>(*upper_),
                                        kTruncatedBoundLength)) {
      file.upper_bounds[id] = *std::move(upper);
    }
  }

 private:
  std::optional<Literal> lower_;
  std::optional<Literal> upper_;
  bool known_ = true;
};

void FillColumn(const parquet::FileMetaData& footer, int column,
                const BoundedColumns& bounded, DataFile& file) {
  const parquet::ColumnDescriptor& descriptor = *footer.schema()->Column(column);
  const int32_t id = descriptor.schema_node()->field_id();
  if (id < 0) {
    return;
  }
  const auto bounded_column = bounded.find(id);
  ColumnBounds bounds;
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto chunk = footer.RowGroup(group)->ColumnChunk(column);
    file.column_sizes_bytes[id] += chunk->total_compressed_size();
    file.value_counts[id] += chunk->num_values();
    if (bounded_column == bounded.end()) {
      continue;
    }
    const Type& type = bounded_column->second.type;
    const ChunkBounds chunk_bounds = BoundsOf(*chunk, descriptor, type);
    file.null_value_counts[id] += chunk_bounds.null_count.value_or(0);
    bounds.Add(chunk_bounds, type, chunk->num_values());
  }
  if (bounded_column != bounded.end()) {
    bounds.Fill(id, bounded_column->second, file);
  }
}

int64_t FirstOffset(const parquet::RowGroupMetaData& group) {
  const auto chunk = group.ColumnChunk(0);
  return chunk->has_dictionary_page()
             ? std::min(chunk->dictionary_page_offset(), chunk->data_page_offset())
             : chunk->data_page_offset();
}

template <typename ArrayType>
int64_t NansOf(const arrow::Array& array) {
  const auto& numbers = static_cast<const ArrayType&>(array);
  const auto* values = numbers.raw_values();
  int64_t nans = 0;
  for (int64_t row = 0; row < numbers.length(); ++row) {
    nans += std::isnan(values[row]) && numbers.IsValid(row) ? 1 : 0;
  }
  return nans;
}

}  // namespace

void FillMetrics(const parquet::FileMetaData& footer, const Schema& schema,
                 const std::set<std::string>& full_bounds, DataFile& file) {
  BoundedColumns bounded;
  Gather(schema.fields, full_bounds, bounded);
  file.record_count = footer.num_rows();
  for (int column = 0; column < footer.num_columns(); ++column) {
    FillColumn(footer, column, bounded, file);
  }
  for (int group = 0; group < footer.num_row_groups() && footer.num_columns() > 0;
       ++group) {
    file.split_offsets.push_back(FirstOffset(*footer.RowGroup(group)));
  }
}

void CountNans(const arrow::RecordBatch& batch, const Schema& schema,
               std::map<int32_t, int64_t>& counts) {
  for (size_t column = 0; column < schema.fields.size(); ++column) {
    const Field& field = schema.fields[column];
    const arrow::Array& array = *batch.column(static_cast<int>(column));
    if (field.type.id == TypeId::kFloat) {
      counts[field.id.value] += NansOf<arrow::FloatArray>(array);
    } else if (field.type.id == TypeId::kDouble) {
      counts[field.id.value] += NansOf<arrow::DoubleArray>(array);
    }
  }
}

}  // namespace calve::table
