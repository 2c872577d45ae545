#include "model/key.h"

#include <set>
#include <string>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "model/batch_builder.h"

namespace calve::model {
namespace {

using contract::EventOrder;

TEST(EncodeKeysTest, EqualKeysAndOnlyTheyHaveEqualBytes) {
  const auto batch = BatchOf({{"a", arrow::utf8(), R"(["x", "xy", "", "x", "\u0000"])"},
                              {"b", arrow::utf8(), R"(["yz", "z", "xyz", "yz", ""])"}});
  const auto keys = EncodeKeys(*batch, {"a", "b"});
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->at(0), keys->at(3));
  EXPECT_EQ(std::set<RowKey>(keys->begin(), keys->end()).size(), 4U);
}

TEST(EncodeKeysTest, EveryKeyTypeTellsItsValuesApart) {
  for (const auto& [type, values] :
       std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>>{
           {arrow::boolean(), "[true, false]"},
           {arrow::int32(), "[-1, 2147483647]"},
           {arrow::int64(), "[-1, 9223372036854775807]"},
           {arrow::date32(), "[0, -1]"},
           {arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[0, 1]"},
           {arrow::timestamp(arrow::TimeUnit::MICRO), "[0, 1]"},
           {arrow::decimal128(12, 2), R"(["1.00", "-1.00"])"},
           {arrow::utf8(), R"(["a", "b"])"},
           {arrow::large_utf8(), R"(["a", "b"])"}}) {
    const auto keys = EncodeKeys(*BatchOf({{"k", type, values}}), {"k"});
    ASSERT_TRUE(keys) << type->ToString();
    EXPECT_NE(keys->at(0), keys->at(1)) << type->ToString();
  }
}

TEST(EncodeKeysTest, AWidenedIntegerKeepsItsKey) {
  const auto narrow = EncodeKeys(*BatchOf({{"k", arrow::int32(), "[-7]"}}), {"k"});
  const auto wide = EncodeKeys(*BatchOf({{"k", arrow::int64(), "[-7]"}}), {"k"});
  ASSERT_TRUE(narrow && wide);
  EXPECT_EQ(*narrow, *wide);
}

TEST(EncodeKeysTest, ASlicedBatchGivesTheKeysOfItsRows) {
  const auto batch = BatchOf({{"k", arrow::utf8(), R"(["a", "b", "c"])"}});
  const auto keys = EncodeKeys(*batch->Slice(1, 2), {"k"});
  ASSERT_TRUE(keys);
  EXPECT_EQ(*keys, (std::vector<RowKey>{"b", "c"}));
}

TEST(EncodeKeysTest, WhatCannotBeAKeyIsInvalid) {
  const auto batch =
      BatchOf({{"k", arrow::int32(), "[1, null]"}, {"d", arrow::float64(), "[1, 2]"}});
  for (const char* column : {"k", "d", "none"}) {
    const auto keys = EncodeKeys(*batch, {column});
    ASSERT_FALSE(keys) << column;
    EXPECT_EQ(keys.error().kind, ErrorKind::kInvalidArgument) << column;
  }
}

TEST(BeforeTest, TheTimeDecidesThenTheIdOrTheIdAlone) {
  const EventPosition early{{1}, 9};
  const EventPosition late{{2}, 3};
  const EventPosition tied{{2}, 4};
  EXPECT_TRUE(Before(EventOrder::kTimestampThenId, early, late));
  EXPECT_TRUE(Before(EventOrder::kTimestampThenId, late, tied));
  EXPECT_FALSE(Before(EventOrder::kTimestampThenId, late, late));
  EXPECT_TRUE(Before(EventOrder::kId, late, early));
  EXPECT_FALSE(Before(EventOrder::kId, early, late));
}

}  // namespace
}  // namespace calve::model
