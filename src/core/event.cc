#include "core/event.h"

#include <arrow/type.h>

namespace calve {
namespace {

arrow::FieldVector EventFields() {
  return {
      arrow::field("audit_event_id", arrow::int64()),
      arrow::field("audit_operation", arrow::utf8()),
      arrow::field("audit_timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("tbl_schema", arrow::utf8()),
      arrow::field("tbl_name", arrow::utf8()),
      arrow::field("raw_data", arrow::utf8()),
  };
}

arrow::FieldVector LandedEventFields() {
  arrow::FieldVector fields{
      arrow::field("ingested_at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("source_file", arrow::utf8())};
  for (auto& field : EventFields()) {
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace

const std::shared_ptr<arrow::Schema>& EventSchema() {
  static const std::shared_ptr<arrow::Schema> schema = arrow::schema(EventFields());
  return schema;
}

const std::shared_ptr<arrow::Schema>& LandedEventSchema() {
  static const std::shared_ptr<arrow::Schema> schema = arrow::schema(LandedEventFields());
  return schema;
}

}  // namespace calve
