#include "contract/postgres_type.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace calve::contract {
namespace {

TEST(PostgresTypeTest, EachTypeGetsOneThatLosesNothing) {
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"smallint", "integer"},
      {"integer", "integer"},
      {"bigint", "bigint"},
      {"oid", "bigint"},
      {"real", "real"},
      {"double precision", "double"},
      {"boolean", "boolean"},
      {"date", "date"},
      {"numeric(12,2)", "decimal(12,2)"},
      {"numeric(38,38)", "decimal(38,38)"},
      {"timestamp without time zone", "timestamp(6)"},
      {"timestamp(3) without time zone", "timestamp(6)"},
      {"timestamp with time zone", "timestamp(6) with time zone"},
      {"timestamp(0) with time zone", "timestamp(6) with time zone"},
  };
  for (const auto& [postgres, contract] : expected) {
    EXPECT_EQ(ColumnTypeName(ColumnTypeOfPostgres(postgres)), contract) << postgres;
  }
}

TEST(PostgresTypeTest, WhatNoTypeHoldsWholeIsText) {
  for (const char* type :
       {"numeric", "numeric(39,0)", "numeric(3,-2)", "numeric(2,5)", "numeric(", "money",
        "time with time zone", "interval", "integer[]", "date[]", "numeric(12,2)[]",
        "timestamp with time zone[]", "jsonb", "character varying(40)", "uuid", ""}) {
    EXPECT_EQ(ColumnTypeName(ColumnTypeOfPostgres(type)), "varchar") << type;
  }
}

}  // namespace
}  // namespace calve::contract
