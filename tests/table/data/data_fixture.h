#pragma once

/// \file tests/table/data/data_fixture.h
/// Tables, batches and files for the tests of data and scan.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "io/system.h"
#include "support/memory_store.h"
#include "table/data/data_writer.h"

namespace calve::table::testing {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

inline Field Column(int32_t id, std::string name, Type type, bool required = false) {
  return Field{FieldId{id}, std::move(name), std::move(type), required, ""};
}

/// A column of every primitive type, all optional, with ids from 1.
inline Schema EveryTypeSchema() {
  Schema schema;
  const std::vector<std::pair<std::string, Type>> columns = {
      {"bool", TypeOf(TypeId::kBoolean)},
      {"int", TypeOf(TypeId::kInt)},
      {"long", TypeOf(TypeId::kLong)},
      {"float", TypeOf(TypeId::kFloat)},
      {"double", TypeOf(TypeId::kDouble)},
      {"dec9", DecimalType(9, 2)},
      {"dec18", DecimalType(18, 4)},
      {"dec38", DecimalType(38, 10)},
      {"date", TypeOf(TypeId::kDate)},
      {"time", TypeOf(TypeId::kTime)},
      {"ts", TypeOf(TypeId::kTimestamp)},
      {"tstz", TypeOf(TypeId::kTimestamptz)},
      {"string", TypeOf(TypeId::kString)},
      {"uuid", TypeOf(TypeId::kUuid)},
      {"fixed", FixedType(3)},
      {"binary", TypeOf(TypeId::kBinary)}};
  for (const auto& [name, type] : columns) {
    const auto id = static_cast<int32_t>(schema.fields.size()) + 1;
    schema.fields.push_back(Column(id, name, type));
  }
  return schema;
}

/// A batch of the schema's columns from a JSON array of arrays, one per row.
inline BatchPtr FromJson(const std::shared_ptr<arrow::Schema>& schema,
                         const std::string& rows) {
  auto array = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), rows);
  EXPECT_TRUE(array.ok()) << array.status().message();
  auto batch = arrow::RecordBatch::FromStructArray(*array);
  EXPECT_TRUE(batch.ok()) << batch.status().message();
  return arrow::RecordBatch::Make(schema, (*batch)->num_rows(), (*batch)->columns());
}

inline BatchPtr FromJson(const Schema& schema, const std::string& rows) {
  return FromJson(ToArrow(schema), rows);
}

/// One text per row, cells joined by `|`.
inline std::vector<std::string> RowsOf(const arrow::RecordBatch& batch) {
  std::vector<std::string> rows(static_cast<size_t>(batch.num_rows()));
  for (const auto& column : batch.columns()) {
    for (size_t row = 0; row < rows.size(); ++row) {
      const auto scalar = column->GetScalar(static_cast<int64_t>(row)).ValueOrDie();
      rows[row] += (column == batch.column(0) ? "" : "|") + scalar->ToString();
    }
  }
  return rows;
}

/// A table's folder and what is needed to write to it.
class DataTest : public ::testing::Test {
 protected:
  WriteTarget TargetOf(Schema schema, PartitionSpec spec = {}) {
    return {.store = &store_,
            .uuids = &uuids_,
            .location = "memory://lake/table",
            .schema = std::move(schema),
            .spec = std::move(spec)};
  }

  /// Writes the batches, and fails the test if that fails.
  std::vector<DataFile> WriteAll(const WriteTarget& target,
                                 const std::vector<BatchPtr>& batches,
                                 const WriteOptions& options = {}) {
    auto writer = DataWriter::Make(target, options);
    EXPECT_TRUE(writer) << writer.error().message;
    for (const BatchPtr& batch : batches) {
      const Status written = (*writer)->Write(*batch);
      EXPECT_TRUE(written) << written.error().message;
    }
    auto files = (*writer)->Finish();
    EXPECT_TRUE(files) << files.error().message;
    return *files;
  }

  io::testing::MemoryStore store_;
  io::SystemUuids uuids_;
};

}  // namespace calve::table::testing
