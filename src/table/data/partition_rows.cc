#include "table/data/partition_rows.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "table/data/arrow_literal.h"

namespace calve::table {
namespace {

std::string ValueKey(const Type& type, const std::optional<Literal>& value) {
  return value ? "v" + EncodeLiteral(type, *value) : "n";
}

bool IsTimeTransform(TransformKind kind) {
  return kind == TransformKind::kYear || kind == TransformKind::kMonth ||
         kind == TransformKind::kDay || kind == TransformKind::kHour;
}

/// Applies a time transform, which never falls as its argument rises, to the least and
/// the greatest value.
template <typename Number>
bool EndsAgree(const Transform& transform, const Type& type, const arrow::Array& column) {
  const auto* first = column.data()->GetValues<Number>(1);
  Number least = first[0];
  Number greatest = first[0];
  for (int64_t row = 0; row < column.length(); ++row) {
    least = std::min(least, first[row]);
    greatest = std::max(greatest, first[row]);
  }
  return ApplyTransform(transform, type, Literal(least)) ==
         ApplyTransform(transform, type, Literal(greatest));
}

/// Numbers values in the order of their first appearance.
class ValueCodes {
 public:
  explicit ValueCodes(const Type& type) : type_(type) {}

  int32_t CodeOf(std::optional<Literal> value) {
    const auto [it, added] =
        codes_.try_emplace(ValueKey(type_, value), static_cast<int32_t>(values_.size()));
    if (added) {
      values_.push_back(std::move(value));
    }
    return it->second;
  }

  PartitionValues Take() { return std::move(values_); }

 private:
  const Type& type_;
  std::unordered_map<std::string, int32_t> codes_;
  PartitionValues values_;
};

/// Which partition each row belongs to, refined field by field.
struct Grouping {
  std::vector<PartitionValues> partitions{{}};
  std::vector<int32_t> of_row;  // empty: all rows belong to the one partition

  void Refine(const PartitionValues& values, const std::vector<int32_t>& codes);
};

void Grouping::Refine(const PartitionValues& values, const std::vector<int32_t>& codes) {
  if (codes.empty()) {
    for (PartitionValues& partition : partitions) {
      partition.push_back(values.front());
    }
    return;
  }
  of_row.resize(codes.size(), 0);
  std::unordered_map<uint64_t, int32_t> refined;
  std::vector<PartitionValues> result;
  for (size_t row = 0; row < codes.size(); ++row) {
    const auto group = static_cast<size_t>(of_row[row]);
    const auto code = static_cast<size_t>(codes[row]);
    const auto [it, added] =
        refined.try_emplace(group << 32 | code, static_cast<int32_t>(result.size()));
    if (added) {
      result.push_back(partitions[group]);
      result.back().push_back(values[code]);
    }
    of_row[row] = it->second;
  }
  partitions = std::move(result);
}

/// Whether the rows of each group lie together.
bool IsContiguous(const std::vector<int32_t>& of_row, size_t groups) {
  size_t runs = 1;
  for (size_t row = 1; row < of_row.size(); ++row) {
    runs += of_row[row] != of_row[row - 1] ? 1 : 0;
  }
  return runs == groups;
}

using Batch = std::shared_ptr<arrow::RecordBatch>;

std::vector<PartitionRows> SliceGroups(Grouping grouping, const Batch& batch) {
  std::vector<PartitionRows> result;
  size_t begin = 0;
  for (PartitionValues& values : grouping.partitions) {
    size_t end = begin + 1;
    while (end < grouping.of_row.size() &&
           grouping.of_row[end] == grouping.of_row[begin]) {
      ++end;
    }
    result.push_back({.values = std::move(values),
                      .rows = batch->Slice(static_cast<int64_t>(begin),
                                           static_cast<int64_t>(end - begin))});
    begin = end;
  }
  return result;
}

Result<Batch> TakeRows(const Batch& batch, const std::vector<int64_t>& rows) {
  const arrow::Int64Array indices(static_cast<int64_t>(rows.size()),
                                  arrow::Buffer::Wrap(rows));
  CALVE_ASSIGN(arrow::Datum taken,
               calve::FromArrow(arrow::compute::Take(
                   batch, indices.data(), arrow::compute::TakeOptions::NoBoundsCheck())));
  return taken.record_batch();
}

Result<std::vector<PartitionRows>> TakeGroups(Grouping grouping, const Batch& batch) {
  std::vector<std::vector<int64_t>> rows(grouping.partitions.size());
  for (size_t row = 0; row < grouping.of_row.size(); ++row) {
    rows[static_cast<size_t>(grouping.of_row[row])].push_back(static_cast<int64_t>(row));
  }
  std::vector<PartitionRows> result;
  for (size_t group = 0; group < rows.size(); ++group) {
    CALVE_ASSIGN(Batch taken, TakeRows(batch, rows[group]));
    result.push_back(
        {.values = std::move(grouping.partitions[group]), .rows = std::move(taken)});
  }
  return result;
}

}  // namespace

Result<PartitionSplitter> PartitionSplitter::Make(const PartitionSpec& spec,
                                                  const Schema& schema) {
  PartitionSplitter splitter;
  for (const PartitionField& field : spec.fields) {
    const Field* source = schema.Find(field.source_id);
    if (source == nullptr) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("partition field has no top-level source column: {}", field.name)};
    }
    CALVE_ASSIGN(Type result_type, TransformResultType(field.transform, source->type));
    splitter.sources_.push_back(
        {.column = static_cast<int>(source - schema.fields.data()),
         .type = source->type,
         .result_type = std::move(result_type),
         .transform = field.transform});
  }
  return splitter;
}

bool PartitionSplitter::IsConstant(const Source& source, const arrow::Array& column) {
  if (!IsTimeTransform(source.transform.kind) || column.null_count() > 0) {
    return false;
  }
  return source.type.id == TypeId::kDate
             ? EndsAgree<int32_t>(source.transform, source.type, column)
             : EndsAgree<int64_t>(source.transform, source.type, column);
}

PartitionSplitter::FieldValues PartitionSplitter::Transformed(
    const Source& source, const arrow::Array& column) {
  const auto value_at = [&](int64_t row) {
    return ApplyTransform(source.transform, source.type,
                          LiteralAt(column, source.type, row));
  };
  if (source.transform.kind == TransformKind::kVoid) {
    return {.values = {std::nullopt}, .codes = {}};
  }
  if (IsConstant(source, column)) {
    return {.values = {value_at(0)}, .codes = {}};
  }
  const std::optional<ValueBytes> bytes = ValueBytes::Of(column);
  // Neighbours are often equal, and then so are their partitions.
  const auto repeats = [&](int64_t row) {
    return row > 0 && bytes && !column.IsNull(row) && !column.IsNull(row - 1) &&
           bytes->At(row) == bytes->At(row - 1);
  };
  ValueCodes values(source.result_type);
  std::vector<int32_t> codes(static_cast<size_t>(column.length()));
  for (size_t row = 0; row < codes.size(); ++row) {
    const auto at = static_cast<int64_t>(row);
    codes[row] = repeats(at) ? codes[row - 1] : values.CodeOf(value_at(at));
  }
  FieldValues result{.values = values.Take(), .codes = std::move(codes)};
  if (result.values.size() == 1) {
    result.codes.clear();
  }
  return result;
}

Result<std::vector<PartitionRows>> PartitionSplitter::Split(
    const std::shared_ptr<arrow::RecordBatch>& batch) const {
  if (batch->num_rows() == 0) {
    return std::vector<PartitionRows>{};
  }
  Grouping grouping;
  for (const Source& source : sources_) {
    const FieldValues field = Transformed(source, *batch->column(source.column));
    grouping.Refine(field.values, field.codes);
  }
  if (grouping.partitions.size() == 1) {
    return std::vector<PartitionRows>{
        {.values = std::move(grouping.partitions.front()), .rows = batch}};
  }
  if (IsContiguous(grouping.of_row, grouping.partitions.size())) {
    return SliceGroups(std::move(grouping), batch);
  }
  return TakeGroups(std::move(grouping), batch);
}

std::string PartitionKey(const Type& partition_type, const PartitionValues& values) {
  std::string key;
  for (size_t field = 0; field < values.size(); ++field) {
    const std::string value =
        ValueKey(partition_type.children[field].type, values[field]);
    key += fmt::format("{}:", value.size());
    key += value;
  }
  return key;
}

}  // namespace calve::table
