#include "table/schema/type.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "table/schema/generators.h"

namespace calve::table {
namespace {

RC_GTEST_PROP(TypeTest, ParsingAPrimitiveTypesNameGivesTheType, ()) {
  const Type type = *AnyPrimitiveType();
  const auto parsed = ParsePrimitiveType(PrimitiveTypeName(type));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == type);
}

TEST(TypeTest, NamesAreThoseOfTheSpec) {
  const std::vector<std::pair<Type, std::string>> names = {
      {TypeOf(TypeId::kBoolean), "boolean"},
      {TypeOf(TypeId::kInt), "int"},
      {TypeOf(TypeId::kLong), "long"},
      {TypeOf(TypeId::kFloat), "float"},
      {TypeOf(TypeId::kDouble), "double"},
      {DecimalType(10, 2), "decimal(10, 2)"},
      {TypeOf(TypeId::kDate), "date"},
      {TypeOf(TypeId::kTime), "time"},
      {TypeOf(TypeId::kTimestamp), "timestamp"},
      {TypeOf(TypeId::kTimestamptz), "timestamptz"},
      {TypeOf(TypeId::kString), "string"},
      {TypeOf(TypeId::kUuid), "uuid"},
      {FixedType(16), "fixed[16]"},
      {TypeOf(TypeId::kBinary), "binary"},
  };
  for (const auto& [type, name] : names) {
    EXPECT_EQ(PrimitiveTypeName(type), name);
    const auto parsed = ParsePrimitiveType(name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_TRUE(*parsed == type) << name;
  }
}

TEST(TypeTest, SpacesInADecimalsNameDoNotMatter) {
  for (const char* name : {"decimal(10,2)", "decimal(10, 2)", "decimal( 10 , 2 )"}) {
    const auto type = ParsePrimitiveType(name);
    ASSERT_TRUE(type) << name;
    EXPECT_TRUE(*type == DecimalType(10, 2)) << name;
  }
}

TEST(TypeTest, TypesOfLaterVersionsAreUnsupported) {
  for (const char* name :
       {"timestamp_ns", "timestamptz_ns", "variant", "unknown", "geometry",
        "geometry(srid:4326)", "geography(srid:4326, spherical)"}) {
    const auto type = ParsePrimitiveType(name);
    ASSERT_FALSE(type) << name;
    EXPECT_EQ(type.error().kind, ErrorKind::kUnsupported) << name;
  }
}

TEST(TypeTest, NonsenseIsCorrupt) {
  for (const char* name :
       {"", "integer", "INT", "decimal", "decimal()", "decimal(10)", "decimal(0,0)",
        "decimal(39,0)", "decimal(10,-1)", "decimal(10,2",
        "decimal(9999999999999999999,2)", "fixed[0]", "fixed[-1]", "fixed[x]",
        "fixed[2147483648]", "fixed[]", "struct"}) {
    const auto type = ParsePrimitiveType(name);
    ASSERT_FALSE(type) << name;
    EXPECT_EQ(type.error().kind, ErrorKind::kCorrupt) << name;
  }
}

TEST(TypeTest, OnlyThePromotionsOfTheSpecAreAllowed) {
  std::vector<Type> types = {DecimalType(10, 2), DecimalType(12, 2), DecimalType(12, 3),
                             FixedType(4), FixedType(8)};
  for (const TypeId id :
       {TypeId::kBoolean, TypeId::kInt, TypeId::kLong, TypeId::kFloat, TypeId::kDouble,
        TypeId::kDate, TypeId::kTimestamp, TypeId::kString, TypeId::kBinary}) {
    types.push_back(TypeOf(id));
  }
  std::string promotions;
  for (const Type& from : types) {
    for (const Type& to : types) {
      if (CanPromote(from, to)) {
        promotions += PrimitiveTypeName(from) + " to " + PrimitiveTypeName(to) + "; ";
      }
    }
  }
  EXPECT_EQ(promotions,
            "decimal(10, 2) to decimal(12, 2); int to long; float to double; ");
}

}  // namespace
}  // namespace calve::table
