#include "model/field_census.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/flatten_fixture.h"

namespace calve::model {
namespace {

/// `rows/nulls suggested (allowed, …)` of field `f` with these values.
std::string Census(const std::vector<std::string>& values,
                   const std::string& candidate = "varchar") {
  const contract::Model model = OneColumnModel("integer");
  FieldCensus census(model, *contract::ParseColumnType(candidate));
  for (const std::string& value : values) {
    const auto batch = LandedBatch({{.raw = "{\"v\":1,\"f\":" + value + "}"}});
    EXPECT_TRUE(census.Add(*batch));
  }
  const auto fields = census.Fields();
  EXPECT_EQ(fields.size(), 1U);
  const FieldValues& found = fields.at("f");
  std::string allowed;
  for (const contract::ColumnType& type : found.allowed) {
    allowed += (allowed.empty() ? "" : ", ") + contract::ColumnTypeName(type);
  }
  return fmt::format("{}/{} {} ({}){}", found.rows, found.nulls,
                     contract::ColumnTypeName(found.suggested), allowed,
                     found.misfits > 0 ? fmt::format(" -{}", found.misfits) : "");
}

TEST(FieldCensusTest, SuggestsTheNarrowestTypeThatAllValuesAllowAndGiveBack) {
  EXPECT_EQ(Census({"1", "\"-2\"", "null"}),
            "3/1 integer (integer, bigint, double, varchar)");
  EXPECT_EQ(Census({"1", "3000000000"}), "2/0 bigint (bigint, double, varchar)");
  EXPECT_EQ(Census({"1", "2.50"}), "2/0 double (double, varchar)");
  EXPECT_EQ(Census({"true", "false"}), "2/0 boolean (boolean, varchar)");
  EXPECT_EQ(Census({"\"2024-01-31\""}),
            "1/0 date (date, timestamp(6) with time zone, varchar)");
  EXPECT_EQ(Census({"\"2024-01-31\"", "\"2024-01-31 10:00+02\""}),
            "2/0 timestamp(6) with time zone (timestamp(6) with time zone, varchar)");
  EXPECT_EQ(Census({"1", "\"x\""}), "2/0 varchar (varchar)");
  EXPECT_EQ(Census({"{\"a\":1}"}), "1/0 varchar (varchar)");
  EXPECT_EQ(Census({"null"}).substr(0, 11), "1/1 varchar");
}

TEST(FieldCensusTest, WhatATypeWouldNotGiveBackStaysText) {
  EXPECT_EQ(Census({"\"007\""}), "1/0 varchar (integer, bigint, double, varchar)");
  EXPECT_EQ(Census({"1.1000000000000000000001"}), "1/0 varchar (double, varchar)");
  EXPECT_EQ(Census({"1", "0"}),
            "2/0 integer (boolean, integer, bigint, double, varchar)");
  EXPECT_EQ(Census({"\"1\"", "\"t\""}), "2/0 varchar (boolean, varchar)");
  EXPECT_EQ(Census({"9223372036854775808"}), "1/0 varchar (double, varchar)");
}

TEST(FieldCensusTest, CountsWhatACandidateDoesNotTake) {
  EXPECT_EQ(Census({"1", "\"x\"", "null", "1.5"}, "integer"), "4/1 varchar (varchar) -2");
}

TEST(FieldCensusTest, TakesTheLastOfARepeatedFieldAndOnlyReadableOwnPayloads) {
  const contract::Model model = OneColumnModel("integer");
  FieldCensus census(model, std::nullopt);
  EXPECT_TRUE(census.Add(*LandedBatch({{.raw = R"({"f":"x","f":1})"},
                                       {.raw = R"({"f":)"},
                                       {.raw = std::nullopt},
                                       {.table = "other", .raw = R"({"g":1})"}})));
  const auto fields = census.Fields();
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(contract::ColumnTypeName(fields.at("f").suggested), "integer");
  EXPECT_EQ(fields.at("f").rows, 1);
}

TEST(FieldCensusTest, FieldNamesThatAreDataDoNotFillTheMemory) {
  const contract::Model model = OneColumnModel("integer");
  FieldCensus census(model, std::nullopt);
  for (size_t i = 0; i < FieldCensus::kMaxFields; i += 100) {
    std::string payload = "{\"same\":1";
    for (size_t j = i; j < i + 100; ++j) {
      payload += fmt::format(",\"f{}\":1", j);
    }
    ASSERT_TRUE(census.Add(*LandedBatch({{.raw = payload + "}"}})));
  }
  EXPECT_EQ(census.Fields().size(), FieldCensus::kMaxFields);
  EXPECT_EQ(census.overflow(), 1);
}

}  // namespace
}  // namespace calve::model
