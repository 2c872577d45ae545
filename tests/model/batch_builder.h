#pragma once

/// \file model/batch_builder.h
/// Record batches from JSON text, for tests.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "core/event.h"

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

struct LandedRow {
  int64_t id = 0;
  std::optional<int64_t> time = 0;
  std::optional<std::string> operation = "I";
  std::optional<std::string> schema = "public";
  std::optional<std::string> table = "orders";
  std::optional<std::string> raw = "{}";
  int64_t ingested = 0;
  std::string file = "f.csv";
};

template <typename Builder, typename Value>
void AppendOptional(Builder& builder, const std::optional<Value>& value) {
  EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
}

/// A batch of LandedEventSchema().
inline std::shared_ptr<arrow::RecordBatch> LandedBatch(
    const std::vector<LandedRow>& rows) {
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::TimestampBuilder ingested(type, arrow::default_memory_pool());
  arrow::TimestampBuilder times(type, arrow::default_memory_pool());
  arrow::Int64Builder ids;
  std::array<arrow::StringBuilder, 5> texts;  // file, operation, schema, table, raw
  for (const LandedRow& row : rows) {
    EXPECT_TRUE(ingested.Append(row.ingested).ok());
    EXPECT_TRUE(texts[0].Append(row.file).ok());
    EXPECT_TRUE(ids.Append(row.id).ok());
    AppendOptional(texts[1], row.operation);
    AppendOptional(times, row.time);
    AppendOptional(texts[2], row.schema);
    AppendOptional(texts[3], row.table);
    AppendOptional(texts[4], row.raw);
  }
  const auto finish = [](arrow::ArrayBuilder& builder) {
    return builder.Finish().ValueOrDie();
  };
  return arrow::RecordBatch::Make(
      LandedEventSchema(), static_cast<int64_t>(rows.size()),
      {finish(ingested), finish(texts[0]), finish(ids), finish(texts[1]), finish(times),
       finish(texts[2]), finish(texts[3]), finish(texts[4])});
}

}  // namespace calve::model
