#pragma once

/// \file model/batch_builder.h
/// Record batches from JSON text, for tests.

#include <memory>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace calve::model {

struct ColumnText {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;  // a JSON list
};

inline std::shared_ptr<arrow::RecordBatch> BatchOf(
    const std::vector<ColumnText>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const ColumnText& column : columns) {
    const auto array = arrow::json::ArrayFromJSONString(column.type, column.values);
    EXPECT_TRUE(array.ok()) << array.status().ToString();
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(array.ValueOrDie());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(),
                                  arrays);
}

}  // namespace calve::model
