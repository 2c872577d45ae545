#include "table/schema/name_mapping.h"

#include <gtest/gtest.h>

namespace calve::table {
namespace {

TEST(NameMappingTest, NamesAndPartsAreRead) {
  // As PyIceberg and Iceberg's Java library write it.
  const auto mapping = NameMappingFromJson(
      R"([{"field-id":1,"names":["id","record_id"]},
          {"names":["unknown"],"fields":null},
          {"field-id":4,"names":["l"],"fields":[{"field-id":5,"names":["element"]}]}])");
  ASSERT_TRUE(mapping) << mapping.error().message;
  const NameMapping expected = {{.id = FieldId{1}, .names = {"id", "record_id"}},
                                {.id = std::nullopt, .names = {"unknown"}},
                                {.id = FieldId{4},
                                 .names = {"l"},
                                 .parts = {{.id = FieldId{5}, .names = {"element"}}}}};
  EXPECT_EQ(*mapping, expected);
  EXPECT_EQ(FindName(*mapping, "record_id"), &mapping->front());
  EXPECT_EQ(FindName(*mapping, "element"), nullptr);
}

TEST(NameMappingTest, AnythingElseIsCorrupt) {
  for (const char* text :
       {"", "{}", "[1]", "[{}]", R"([{"names":"a"}])", R"([{"names":[],"field-id":"1"}])",
        R"([{"names":[],"fields":[{"names":[null]}]}])"}) {
    const auto mapping = NameMappingFromJson(text);
    ASSERT_FALSE(mapping) << text;
    EXPECT_EQ(mapping.error().kind, ErrorKind::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace calve::table
