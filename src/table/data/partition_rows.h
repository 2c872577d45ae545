#pragma once

/// \file table/data/partition_rows.h
/// Splits batches by the partition that their rows belong to. Spec: "Partition
/// Transforms".

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "table/schema/partition.h"
#include "table/schema/schema.h"

namespace calve::table {

/// Rows of one partition.
struct PartitionRows {
  PartitionValues values;
  std::shared_ptr<arrow::RecordBatch> rows;
};

/// Computes partition values column by column. Immutable; thread-safe.
class PartitionSplitter {
 public:
  /// \return kInvalidArgument if a source column is missing or its transform does not
  /// take it
  static Result<PartitionSplitter> Make(const PartitionSpec& spec, const Schema& schema);

  /// Splits a batch that has the schema's columns in its order, keeping the order of rows
  /// within each partition. Rows of a single partition, and partitions whose rows lie
  /// together, are not copied. A batch without rows gives nothing.
  Result<std::vector<PartitionRows>> Split(
      const std::shared_ptr<arrow::RecordBatch>& batch) const;

 private:
  struct Source {
    int column = 0;
    Type type;
    Type result_type;
    Transform transform;
  };
  /// A field's values over a batch: `codes` index `values`; empty if there is only one.
  struct FieldValues {
    PartitionValues values;
    std::vector<int32_t> codes;
  };

  static FieldValues Transformed(const Source& source, const arrow::Array& column);
  static bool IsConstant(const Source& source, const arrow::Array& column);

  std::vector<Source> sources_;
};

/// A text that is equal exactly for equal partition values.
std::string PartitionKey(const Type& partition_type, const PartitionValues& values);

}  // namespace calve::table
