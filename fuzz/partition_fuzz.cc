// Fuzzes types, values and transforms as they stand in metadata, bounds and paths: what
// is accepted survives its own writer, and a transform's result is of its result type.
//
// Input: a line with a type, a line with a transform, then a value.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/timestamp.h"
#include "fuzz_input.h"
#include "table/schema/json_member.h"
#include "table/schema/literal.h"
#include "table/schema/partition.h"
#include "table/schema/schema.h"

namespace calve::table {
namespace {

using fuzz::Require;

void CheckTransform(const Transform& transform, const Type& type, const Literal& value) {
  const auto result_type = TransformResultType(transform, type);
  if (!result_type) {
    return;
  }
  const auto result = ApplyTransform(transform, type, value);
  Require(!result || Fits(*result_type, *result), "a result is of its type");
  Require(result.has_value() == (transform.kind != TransformKind::kVoid),
          "only void loses a value");
  if (result) {
    (void)LiteralToText(*result_type, *result);
    const PartitionSpec spec = {
        .spec_id = 1,
        .fields = {
            {.source_id = {1}, .field_id = {1000}, .name = "p", .transform = transform}}};
    const Type partition =
        StructType({{.id = {1000}, .name = "p", .type = *result_type, .doc = ""}});
    const std::string path = PartitionPath(spec, partition, {result});
    Require(path.starts_with("p=") && path.find('/') == std::string::npos,
            "a value is one segment of a path");
  }
}

void CheckBytes(const Type& type, std::string_view bytes, const Transform* transform) {
  const auto value = DecodeLiteral(type, bytes);
  if (!value) {
    return;
  }
  Require(Fits(type, *value), "a decoded value is of its type");
  const std::string encoded = EncodeLiteral(type, *value);
  const auto again = DecodeLiteral(type, encoded);
  Require(again && EncodeLiteral(type, *again) == encoded, "bytes survive");
  (void)LiteralToText(type, *value);
  (void)LiteralToJson(type, *value);
  if (transform != nullptr) {
    CheckTransform(*transform, type, *value);
  }
}

void CheckJson(const Type& type, const nlohmann::json& json) {
  const auto value = LiteralFromJson(type, json);
  if (value) {
    Require(Fits(type, *value), "a value from JSON is of its type");
    const auto again = LiteralFromJson(type, LiteralToJson(type, *value));
    Require(again && *again == *value, "values survive JSON");
  }
}

void CheckSpecs(const nlohmann::json& json) {
  if (const auto spec = PartitionSpecFromJson(json)) {
    const auto again = PartitionSpecFromJson(PartitionSpecToJson(*spec));
    Require(again && *again == *spec, "specs survive");
  }
  if (const auto order = SortOrderFromJson(json)) {
    const auto again = SortOrderFromJson(SortOrderToJson(*order));
    Require(again && *again == *order, "orders survive");
  }
  if (const auto schema = SchemaFromJson(json)) {
    const auto again = SchemaFromJson(SchemaToJson(*schema));
    Require(again && *again == *schema, "schemas survive");
  }
}

void CheckTimestamp(std::string_view text) {
  if (const auto time = ParseTimestamp(text)) {
    const auto again = ParseTimestamp(FormatPostgresTimestamp(*time));
    Require(again && *again == *time, "moments survive");
    (void)FormatIsoTimestamp(*time);
  }
}

void CheckInput(std::string_view input) {
  std::string_view rest = input;
  const auto type = ParsePrimitiveType(fuzz::TakeLine(rest));
  const auto transform = ParseTransform(fuzz::TakeLine(rest));
  Require(!transform || *ParseTransform(TransformName(*transform)) == *transform,
          "names of transforms survive");
  const auto json = ParseJson(rest);
  CheckTimestamp(rest);
  if (type) {
    CheckBytes(*type, rest, transform ? &*transform : nullptr);
    if (json) {
      CheckJson(*type, *json);
    }
  }
  if (json) {
    CheckSpecs(*json);
  }
}

}  // namespace
}  // namespace calve::table

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  calve::table::CheckInput(calve::fuzz::TextOf(data, size));
  return 0;
}
