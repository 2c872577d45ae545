#include <string>

#include <gtest/gtest.h>

#include "contract/contract.h"

namespace calve::contract {
namespace {

std::string Spelled(const std::string& data_type) {
  const auto type = ParseColumnType(data_type);
  return type ? ColumnTypeName(*type) : "error";
}

TEST(ColumnTypeTest, EveryTypeIsReadInAnyCaseAndSpelledAsTrinoDoes) {
  EXPECT_EQ(Spelled("BOOLEAN"), "boolean");
  EXPECT_EQ(Spelled("int"), "integer");
  EXPECT_EQ(Spelled("Integer"), "integer");
  EXPECT_EQ(Spelled("bigint"), "bigint");
  EXPECT_EQ(Spelled("real"), "real");
  EXPECT_EQ(Spelled("double"), "double");
  EXPECT_EQ(Spelled("decimal(12,2)"), "decimal(12,2)");
  EXPECT_EQ(Spelled("DECIMAL ( 38 , 38 )"), "decimal(38,38)");
  EXPECT_EQ(Spelled("decimal(9)"), "decimal(9,0)");
  EXPECT_EQ(Spelled("decimal"), "decimal(38,0)");
  EXPECT_EQ(Spelled("date"), "date");
  EXPECT_EQ(Spelled("timestamp(6)"), "timestamp(6)");
  EXPECT_EQ(Spelled("Timestamp (6)  WITH time zone"), "timestamp(6) with time zone");
  EXPECT_EQ(Spelled("varchar"), "varchar");
  EXPECT_EQ(Spelled(" string "), "varchar");
}

TEST(ColumnTypeTest, SpellingsRoundTrip) {
  for (const char* name :
       {"boolean", "integer", "bigint", "real", "double", "decimal(38,10)", "date",
        "timestamp(6)", "timestamp(6) with time zone", "varchar"}) {
    EXPECT_EQ(Spelled(name), name);
  }
}

TEST(ColumnTypeTest, TypesThatCannotBeKeptAreUnsupported) {
  for (const char* name :
       {"", "timestamp", "timestamp(3)", "timestamp(6) with", "varchar(10)", "smallint",
        "array(varchar)", "decimal(39,0)", "decimal(0,0)", "decimal(5,6)", "decimal(5,",
        "decimal(5,2", "decimal()", "decimal(5,-1)", "map(varchar, varchar)"}) {
    const auto type = ParseColumnType(name);
    ASSERT_FALSE(type) << name;
    EXPECT_EQ(type.error().kind, ErrorKind::kUnsupported) << name;
  }
}

}  // namespace
}  // namespace calve::contract
