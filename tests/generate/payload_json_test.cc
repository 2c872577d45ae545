#include "generate/payload_json.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace calve::generate {
namespace {

using namespace std::string_view_literals;

const std::vector<std::string>& Columns() {
  static const std::vector<std::string> columns = {
      "order_id", "order_timestamp", "created_at", "updated_at",
      "sum",      "description",     "extra"};
  return columns;
}

TEST(PayloadJsonTest, TypedPayloadsHoldNumbersAsWrittenAndTimesAsStrings) {
  const std::vector<Field> payload = {
      "7", "2025-01-01T00:00:00Z", "20250101", std::nullopt, "12.50", "42", "true"};
  EXPECT_EQ(PayloadJson(Columns(), PayloadStyle::kTyped).Render(payload),
            R"({"order_id":7,"order_timestamp":"2025-01-01T00:00:00Z",)"
            R"("created_at":"20250101","updated_at":null,"sum":12.50,)"
            R"("description":"42","extra":true})");
}

TEST(PayloadJsonTest, StringPayloadsHoldNothingButStringsAndNull) {
  const std::vector<Field> payload = {"7", "t", "t", std::nullopt, "12.50", "42", "true"};
  EXPECT_EQ(PayloadJson(Columns(), PayloadStyle::kStrings).Render(payload),
            R"({"order_id":"7","order_timestamp":"t","created_at":"t","updated_at":null,)"
            R"("sum":"12.50","description":"42","extra":"true"})");
}

TEST(PayloadJsonTest, OnlyWhatJsonCallsANumberIsBare) {
  const std::vector<std::string> columns = {"x"};
  PayloadJson json(columns, PayloadStyle::kTyped);
  for (const char* number : {"0", "-0", "10", "0.5", "1e5", "1.25E-7", "-1e+30"}) {
    EXPECT_EQ(json.Render(std::vector<Field>{number}),
              "{\"x\":" + std::string(number) + "}");
  }
  for (const char* text : {"", "01", "+1", ".5", "1.", "1e", "-", "NaN", "0x10", " 1",
                           "1 ", "Infinity", "null", "True", "{}"}) {
    EXPECT_EQ(json.Render(std::vector<Field>{text}),
              "{\"x\":\"" + std::string(text) + "\"}");
  }
}

TEST(PayloadJsonTest, EscapesWhatAJsonStringCannotHold) {
  const std::vector<std::string> columns = {"a\"b"};
  EXPECT_EQ(PayloadJson(columns, PayloadStyle::kTyped)
                .Render(std::vector<Field>{"q\" b\\ n\n t\t r\r z\0 é"sv}),
            R"({"a\"b":"q\" b\\ n\n t\t r\u000d z\u0000 é"})");
}

TEST(PayloadJsonTest, NoColumnsMakeAnEmptyObject) {
  EXPECT_EQ(PayloadJson({}, PayloadStyle::kTyped).Render({}), "{}");
}

}  // namespace
}  // namespace calve::generate
